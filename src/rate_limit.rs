//! How fast an application may send.

use core::time::Duration;

/// A token bucket in front of the gate: so many messages, and so many bytes, in a period. For
/// [`WebSocketBuilder::rate_limit`](crate::WebSocketBuilder::rate_limit).
///
/// A bucket is full at first, so a whole period's worth may go at once, and it fills evenly: on
/// average no more passes than was asked for, but nearly twice as much in the first period after a
/// pause. For a server that counts what comes in each period, ask for half of it.
///
/// A message may overdraw the bytes, so that one of any size passes; the next then waits until the
/// debt is paid. What `close()` hands over at the end is not limited.
///
/// # Examples
///
/// ```
/// use sluicegate::RateLimit;
/// use std::time::Duration;
///
/// let limit = RateLimit::new()
///     .messages(20, Duration::from_secs(1))
///     .bytes(1 << 20, Duration::from_secs(1));
/// assert!(limit.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RateLimit {
    pub(crate) messages: Option<(u32, Duration)>,
    pub(crate) bytes: Option<(u32, Duration)>,
}

impl RateLimit {
    /// No limit.
    pub const fn new() -> Self {
        Self {
            messages: None,
            bytes: None,
        }
    }

    /// `count` messages in each `period`, on average.
    pub const fn messages(mut self, count: u32, period: Duration) -> Self {
        self.messages = Some((count, period));
        self
    }

    /// `count` bytes in each `period`, on average.
    pub const fn bytes(mut self, count: u32, period: Duration) -> Self {
        self.bytes = Some((count, period));
        self
    }

    /// Whether the numbers make sense. Opening a socket asks this first.
    ///
    /// # Errors
    ///
    /// [`InvalidOption::RateLimit`](crate::InvalidOption::RateLimit) when a count or a period is 0.
    pub fn validate(&self) -> Result<(), crate::InvalidOption> {
        let pairs = [self.messages, self.bytes];
        let valid = pairs
            .iter()
            .flatten()
            .all(|(count, period)| *count > 0 && !period.is_zero());
        if valid {
            Ok(())
        } else {
            Err(crate::InvalidOption::RateLimit)
        }
    }
}
