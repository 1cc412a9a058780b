//! What is to be sent, where to and how.

use serde::Deserialize;

/// One flood.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) mode: Mode,
    pub(crate) url: String,
    /// Of a message, in bytes.
    pub(crate) size: usize,
    /// How many messages.
    pub(crate) count: u32,
    /// After so many milliseconds it is over, whatever has arrived.
    pub(crate) limit_ms: u32,
}

/// How it is sent.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// `SinkExt::send`.
    Sink,
    /// `socket.send(..).await`.
    Send,
    /// `try_send` until a message is queued, and on when the queue has drained.
    Handlers,
    /// The browser's own object, and all of it at once.
    Bare,
}

/// The messages of a case, one after the other: each begins with its number.
pub(crate) struct Messages {
    buffer: Vec<u8>,
    count: u32,
    next: u32,
}

impl Messages {
    pub(crate) fn new(case: &Case) -> Self {
        Self {
            buffer: vec![0; case.size],
            count: case.count,
            next: 0,
        }
    }

    /// The next one, in the one buffer.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        if self.next == self.count {
            return None;
        }
        if let Some(number) = self.buffer.first_chunk_mut() {
            *number = self.next.to_le_bytes();
        }
        self.next += 1;
        Some(&self.buffer)
    }
}
