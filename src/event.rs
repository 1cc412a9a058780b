//! What handlers are given, apart from [`Message`](crate::Message) and [`CloseEvent`](crate::CloseEvent).

/// The connection is open: what the handshake agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OpenEvent {
    /// The subprotocol that the server selected, empty when there is none.
    pub protocol: String,
    /// The extensions in use, e.g. `permessage-deflate`, empty when there are none.
    pub extensions: String,
}

impl OpenEvent {
    /// What a handshake agreed on.
    pub fn new(protocol: impl Into<String>, extensions: impl Into<String>) -> Self {
        Self {
            protocol: protocol.into(),
            extensions: extensions.into(),
        }
    }
}

/// Something went wrong.
///
/// Browsers tell no more, by design, and a close event follows; so an error is never the end of a
/// connection. It is also told when the browser refused a queued message (counted in
/// [`Stats::messages_dropped`](crate::Stats::messages_dropped)), and when data arrived that is neither text nor an `ArrayBuffer`, which
/// only happens when somebody else changed `binaryType` on the raw socket; such a message is
/// counted in [`Stats::messages_unreadable`](crate::Stats::messages_unreadable).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorEvent {}

/// There is room again: a message had been [queued](crate::Outcome::Queued), and now the queue is
/// empty and the gate is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DrainEvent {}
