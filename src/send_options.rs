//! What can be said about one message.

use core::time::Duration;

/// How one message is treated while it waits. For
/// [`WebSocket::send_with`](crate::WebSocket::send_with) and
/// [`WebSocket::try_send_with`](crate::WebSocket::try_send_with).
///
/// # Examples
///
/// ```
/// use sluicegate::SendOptions;
/// use std::time::Duration;
///
/// let options = SendOptions::new()
///     .key("cursor") // a newer position replaces this one while it waits
///     .time_to_live(Duration::from_secs(2)); // and nobody wants it after that
/// # drop(options);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SendOptions {
    pub(crate) key: Option<Box<str>>,
    pub(crate) time_to_live: Option<Duration>,
}

impl SendOptions {
    /// No key, and no end of life.
    pub const fn new() -> Self {
        Self {
            key: None,
            time_to_live: None,
        }
    }

    /// Lets this message replace an older one with the same key that still waits, in its place. The
    /// older one is dropped ([`DropCause::Replaced`](crate::DropCause::Replaced)).
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into().into_boxed_str());
        self
    }

    /// How long the message may wait. After that it is dropped
    /// ([`DropCause::Expired`](crate::DropCause::Expired)) instead of sent. Default: for ever.
    ///
    /// What was handed to the browser cannot be called back, so the time ends with the waiting.
    pub const fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(time);
        self
    }
}
