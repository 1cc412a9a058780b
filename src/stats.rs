//! Numbers about one socket.

use core::time::Duration;

use crate::{DropCause, ReadyState};

/// A snapshot of what a socket has done and holds.
///
/// Messages and bytes are payloads, without framing; text counts as UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Where the connection stands.
    pub ready_state: ReadyState,
    /// Messages handed to the browser. That is not *delivered*: up to 4.2 MB lie below
    /// `bufferedAmount` in Chromium and Firefox, and any amount in WebKitGTK (measured).
    pub messages_sent: u64,
    /// Bytes handed to the browser.
    pub bytes_sent: u64,
    /// Messages that arrived.
    pub messages_received: u64,
    /// Bytes that arrived.
    pub bytes_received: u64,
    /// Messages that arrived as something that is neither text nor an `ArrayBuffer`.
    pub messages_unreadable: u64,
    /// Messages waiting in the send queue.
    pub messages_queued: usize,
    /// Bytes waiting in the send queue.
    pub bytes_queued: usize,
    /// Messages that had been accepted and were never handed to the browser, by cause.
    pub dropped: Drops,
    /// Messages that were handed to the browser, and nothing says whether they arrived: all of a
    /// connection that ended in another way than by a closing handshake that we began. It is the
    /// upper bound, after hours of traffic too: at least [`Self::buffered_amount`] bytes of them
    /// never left, and any of the rest may have been lost on the way.
    pub messages_unknown: u64,
    /// The bytes of these messages.
    pub bytes_unknown: u64,
    /// Messages that arrived and were thrown away, because the inbox was full.
    pub messages_overflowed: u64,
    /// Messages that arrived and were thrown away, because a newer one with the same key took their
    /// place before they were read.
    pub messages_conflated: u64,
    /// Messages waiting to be read from the stream.
    pub messages_unread: usize,
    /// Bytes waiting to be read from the stream.
    pub bytes_unread: usize,
    /// The browser's `bufferedAmount` in bytes, read now.
    pub buffered_amount: u64,
    /// How often the socket woke itself: to look at `bufferedAmount` because somebody waited, for a
    /// rate limit, for messages that expire, to tell what is pending, or to end a close that took too
    /// long.
    pub polls: u64,
    /// Somebody waits, but `bufferedAmount` has not fallen and nothing has arrived for
    /// [`Options::stall_timeout`](crate::Options::stall_timeout).
    pub stalled: bool,
    /// How long [`Self::ready_state`] has been what it is.
    pub time_in_state: Duration,
}

/// How many messages were dropped, by [`DropCause`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drops {
    /// [`DropCause::Closed`].
    pub closed: u64,
    /// [`DropCause::Refused`].
    pub refused: u64,
    /// [`DropCause::Overflow`].
    pub overflow: u64,
    /// [`DropCause::Replaced`].
    pub replaced: u64,
    /// [`DropCause::Expired`].
    pub expired: u64,
}

impl Drops {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.closed + self.refused + self.overflow + self.replaced + self.expired
    }

    pub(crate) const fn count(&mut self, cause: DropCause) {
        let count = match cause {
            DropCause::Closed => &mut self.closed,
            DropCause::Refused => &mut self.refused,
            DropCause::Overflow => &mut self.overflow,
            DropCause::Replaced => &mut self.replaced,
            DropCause::Expired => &mut self.expired,
        };
        *count += 1;
    }
}
