//! Numbers about one socket.

use crate::ReadyState;

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
    /// Queued messages that were never handed to the browser, because the connection closed first
    /// or the browser refused them.
    pub messages_dropped: u64,
    /// Messages that arrived and were thrown away, because the inbox was full.
    pub messages_overflowed: u64,
    /// Messages waiting to be read from the stream.
    pub messages_unread: usize,
    /// Bytes waiting to be read from the stream.
    pub bytes_unread: usize,
    /// The browser's `bufferedAmount` in bytes, read now.
    pub buffered_amount: u64,
    /// How often the socket woke itself, to look at `bufferedAmount` because somebody waited, or to
    /// end a close that took too long.
    pub polls: u64,
}
