//! How fast may be sent: a token bucket.

use core::fmt::Debug;
use core::time::Duration;

use crate::RateLimit;

/// A further bound on the gate. A trait, so that an application without one does not link any.
pub trait Limit: Debug {
    /// From when on another message may be sent.
    fn ready_at(&self) -> Duration;

    /// A message is sent.
    fn take(&mut self, bytes: usize, now: Duration);
}

/// Messages and bytes, each with a bucket of its own.
#[derive(Debug)]
pub struct TokenBucket {
    messages: Option<Bucket>,
    bytes: Option<Bucket>,
}

/// One bucket, in the form of GCRA: what was taken is counted in the time that it takes to come
/// back.
#[derive(Debug)]
struct Bucket {
    count: u32,
    period: Duration,
    /// When the bucket is full again.
    full_at: Duration,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(limit: &RateLimit) -> Self {
        let bucket = |(count, period)| Bucket {
            count,
            period,
            full_at: Duration::ZERO,
        };
        Self {
            messages: limit.messages.map(bucket),
            bytes: limit.bytes.map(bucket),
        }
    }
}

impl Limit for TokenBucket {
    fn ready_at(&self) -> Duration {
        let buckets = self.messages.iter().chain(&self.bytes);
        buckets.map(Bucket::ready_at).max().unwrap_or_default()
    }

    fn take(&mut self, bytes: usize, now: Duration) {
        if let Some(bucket) = &mut self.messages {
            bucket.take(1, now);
        }
        if let Some(bucket) = &mut self.bytes {
            bucket.take(bytes, now);
        }
    }
}

impl Bucket {
    /// When there is one token. One is enough: a bucket may be overdrawn.
    fn ready_at(&self) -> Duration {
        let spare = self.period.saturating_sub(self.time_of(1));
        self.full_at.saturating_sub(spare)
    }

    fn take(&mut self, tokens: usize, now: Duration) {
        let time = self.time_of(tokens);
        self.full_at = self.full_at.max(now).saturating_add(time);
    }

    /// How long so many tokens take to come back.
    fn time_of(&self, tokens: usize) -> Duration {
        // Rounded down, so that a whole period's worth is not too much.
        let nanoseconds =
            self.period.as_nanos().saturating_mul(tokens as u128) / u128::from(self.count.max(1));
        u64::try_from(nanoseconds).map_or(Duration::MAX, Duration::from_nanos)
    }
}
