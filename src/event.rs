//! What handlers are given, apart from [`Message`] and [`CloseEvent`](crate::CloseEvent).

use core::fmt;

use crate::Message;

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
/// [`Stats::dropped`](crate::Stats::dropped)), and when data arrived that is neither text nor an `ArrayBuffer`, which
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

/// A message that had been accepted, by `Ok` or by a sink, and will not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DropEvent<M = Message> {
    /// The message.
    pub message: M,
    /// Why it was dropped.
    pub cause: DropCause,
}

impl<M> DropEvent<M> {
    pub(crate) const fn new(message: M, cause: DropCause) -> Self {
        Self { message, cause }
    }
}

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropCause {
    /// The connection closed before the message could be handed over.
    Closed,
    /// The browser threw when it was given the message.
    Refused,
    /// The queue was full ([`Overflow::DropOldest`](crate::Overflow::DropOldest),
    /// [`Overflow::DropNewest`](crate::Overflow::DropNewest)).
    Overflow,
    /// A newer message with the same key took its place
    /// ([`SendOptions::key`](crate::SendOptions::key)).
    Replaced,
    /// It waited for longer than its time to live
    /// ([`SendOptions::time_to_live`](crate::SendOptions::time_to_live)).
    Expired,
}

impl fmt::Display for DropCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the connection closed first",
            Self::Refused => "the browser refused it",
            Self::Overflow => "the send queue was full",
            Self::Replaced => "a newer message with the same key took its place",
            Self::Expired => "it waited longer than its time to live",
        })
    }
}
