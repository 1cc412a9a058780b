//! The gate in front of the browser's buffer.

/// Decides whether the browser may be given another message.
///
/// It shuts when a reading is at or above the high-water mark and opens again when one is at or
/// below the low-water mark. Between readings it knows an upper bound: the last reading and what
/// was handed over since, so that below the mark nothing has to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    high: u64,
    low: u64,
    bound: u64,
    shut: bool,
    shared: bool,
}

impl Gate {
    /// An open gate in front of an empty buffer. Marks in bytes.
    pub fn new(high: usize, low: usize) -> Self {
        Self {
            high: high as u64,
            low: low as u64,
            bound: 0,
            shut: false,
            shared: false,
        }
    }

    /// A message of `bytes` was handed to the browser.
    pub fn handle_transmitted(&mut self, bytes: usize) {
        self.bound = self.bound.saturating_add(bytes as u64);
    }

    /// `bufferedAmount` was read. Returns how many bytes have left since the last reading.
    pub fn handle_buffered(&mut self, amount: u64) -> u64 {
        let left = self.bound.saturating_sub(amount);
        self.bound = amount;
        self.shut = if self.shut {
            amount > self.low
        } else {
            amount >= self.high
        };
        left
    }

    /// Shuts the gate, because something has to wait: it opens at the low-water mark.
    pub fn shut(&mut self) {
        self.shut = true;
    }

    /// Whether it waits for the low-water mark.
    pub fn is_shut(&self) -> bool {
        self.shut
    }

    /// From now on the bound is not trusted, because others send on the same socket.
    pub fn share(&mut self) {
        self.shared = true;
    }

    /// Whether another message may go to the browser. The one question that every way of sending
    /// asks; a further bound (credit from the peer) belongs here.
    pub fn has_room(&self) -> bool {
        !self.shut && self.bound < self.high
    }

    /// Whether a reading could change the answer of [`Self::has_room`].
    pub fn wants_reading(&self) -> bool {
        self.shared || !self.has_room()
    }

    /// At most how many bytes the browser holds.
    pub fn bound(&self) -> u64 {
        self.bound
    }
}
