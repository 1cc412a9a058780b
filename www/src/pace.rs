//! A producer that makes messages at its own pace, whoever takes them.

use crate::format::MIB;
use crate::page;

/// What can be made up for after a pause, in bytes. A longer pause is forgotten.
const MAX_CREDIT: f64 = 4.0 * MIB;

/// How many bytes are due.
pub(crate) struct Pace {
    /// In bytes a second.
    rate: f64,
    credit: f64,
    looked: f64,
}

impl Pace {
    pub(crate) fn begin(rate: f64) -> Self {
        Self {
            rate,
            credit: 0.0,
            looked: page::now(),
        }
    }

    /// Whether a message of so many bytes is due.
    pub(crate) fn is_due(&mut self, bytes: usize) -> bool {
        let now = page::now();
        let earned = (now - self.looked) / 1000.0 * self.rate;
        self.credit = (self.credit + earned).min(MAX_CREDIT);
        self.looked = now;
        self.credit >= bytes as f64
    }

    /// A message was made.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.credit -= bytes as f64;
    }
}
