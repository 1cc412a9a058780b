//! What can be set, and its defaults.

use core::fmt;
use core::time::Duration;

/// The limits of a socket.
///
/// # Examples
///
/// ```
/// use sluicegate::Options;
///
/// let options = Options::new()
///     .high_water_mark(256 << 10)
///     .low_water_mark(64 << 10);
/// assert_eq!(options.capacity, 16 << 20);
/// assert!(options.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How many bytes the browser may hold (`bufferedAmount`) before the gate shuts and messages
    /// wait in our queue, where they can still be counted and dropped. At least 1; default 1 MiB.
    ///
    /// The peak of `bufferedAmount` is this plus one message. 1 MiB comes within about a quarter of
    /// the best rate in every engine; 256 KiB is the choice when latency matters (measured on
    /// loopback, November 2026).
    pub high_water_mark: usize,
    /// At how many bytes of `bufferedAmount` the shut gate opens again. At most the high-water
    /// mark; default 768 KiB, or three quarters of the high-water mark where that is set lower.
    ///
    /// Room has to be noticed before the browser runs dry. With 256 KiB Firefox sends at 0.75–0.93
    /// times the rate without a gate, with 768 KiB at 0.84–1.26 times; in the other engines it makes
    /// no difference (measured).
    pub low_water_mark: usize,
    /// How many bytes the send queue may hold, each message counted as its bytes plus 64. At least
    /// 64; default 16 MiB. `try_send` is refused beyond it; `send` and the `Sink` wait long before,
    /// at the mark.
    pub capacity: usize,
    /// How many messages the send queue may hold. At least 1; default `usize::MAX`: the bytes
    /// decide. `send` and the `Sink` heed it before the connection is open.
    pub capacity_messages: usize,
    /// What happens to a message for which the send queue has no room. Default
    /// [`Overflow::Reject`].
    pub overflow: Overflow,
    /// How many bytes may wait to be read from a stream, each message counted as its bytes plus
    /// 64. At least 64; default 64 MiB. What happens beyond it is [`Self::inbox_overflow`]: no engine lets a page hold a fast server back reliably (Firefox and
    /// WebKitGTK take everything at once, measured), so what is not read must end somewhere.
    pub inbox_capacity: usize,
    /// What happens when more arrives than [`Self::inbox_capacity`] holds. Default
    /// [`InboxOverflow::Close`].
    pub inbox_overflow: InboxOverflow,
    /// How long after `close()`, once `bufferedAmount` is 0, the peer's answer is waited for.
    /// Default 5 s; what 4.2 MB take at the rate last seen is added, up to 30 s in all, because
    /// that much may still be under way. Then the socket is given up and the close event says 1006.
    /// Left alone, Chromium waits 60 s, Firefox 20 s and WebKitGTK 5.6 s (measured).
    pub close_timeout: Duration,
    /// How long after `close()` the socket is given up when `bufferedAmount` no longer falls but is
    /// not 0. Default 60 s: healthy slow peers were seen flat for 12–55 s. Left alone, Chromium and
    /// Firefox never end such a socket (measured).
    pub drain_timeout: Duration,
    /// After how long without a fall of `bufferedAmount` and without an arriving message a socket
    /// for which somebody waits counts as [stalled](crate::Stats::stalled). At least 1 ms; default
    /// 60 s: healthy slow peers were seen flat for 12–55 s (measured). Nothing else follows from it.
    pub stall_timeout: Duration,
    /// By what a socket that waits for `bufferedAmount` is woken while its page is hidden. Default
    /// [`WakeSource::Automatic`].
    pub wake_source: WakeSource,
}

impl Options {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            high_water_mark: 1 << 20,
            low_water_mark: 768 << 10,
            capacity: 16 << 20,
            capacity_messages: usize::MAX,
            overflow: Overflow::Reject,
            inbox_capacity: 64 << 20,
            inbox_overflow: InboxOverflow::Close,
            close_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            wake_source: WakeSource::Automatic,
        }
    }

    /// Sets [`Self::high_water_mark`] in bytes, and lowers [`Self::low_water_mark`] to three
    /// quarters of it where it is above.
    pub const fn high_water_mark(mut self, bytes: usize) -> Self {
        self.high_water_mark = bytes;
        let most = bytes - bytes / 4;
        if self.low_water_mark > most {
            self.low_water_mark = most;
        }
        self
    }

    /// Sets [`Self::low_water_mark`] in bytes.
    pub const fn low_water_mark(mut self, bytes: usize) -> Self {
        self.low_water_mark = bytes;
        self
    }

    /// Sets [`Self::capacity`] in bytes.
    pub const fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// Sets [`Self::capacity_messages`].
    pub const fn capacity_messages(mut self, messages: usize) -> Self {
        self.capacity_messages = messages;
        self
    }

    /// Sets [`Self::overflow`].
    pub const fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }

    /// Sets [`Self::inbox_capacity`] in bytes.
    pub const fn inbox_capacity(mut self, bytes: usize) -> Self {
        self.inbox_capacity = bytes;
        self
    }

    /// Sets [`Self::inbox_overflow`].
    pub const fn inbox_overflow(mut self, policy: InboxOverflow) -> Self {
        self.inbox_overflow = policy;
        self
    }

    /// Sets [`Self::close_timeout`].
    pub const fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Sets [`Self::drain_timeout`].
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// Sets [`Self::stall_timeout`].
    pub const fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// Sets [`Self::wake_source`].
    pub const fn wake_source(mut self, source: WakeSource) -> Self {
        self.wake_source = source;
        self
    }

    /// Whether the numbers make sense together. Opening a socket asks this first.
    ///
    /// # Errors
    ///
    /// The first option that does not.
    pub const fn validate(&self) -> Result<(), InvalidOption> {
        if self.high_water_mark == 0 {
            return Err(InvalidOption::HighWaterMark);
        }
        if self.low_water_mark > self.high_water_mark {
            return Err(InvalidOption::LowWaterMark);
        }
        if self.capacity < OVERHEAD {
            return Err(InvalidOption::Capacity);
        }
        if self.capacity_messages == 0 {
            return Err(InvalidOption::CapacityMessages);
        }
        if self.inbox_capacity < OVERHEAD {
            return Err(InvalidOption::InboxCapacity);
        }
        if self.stall_timeout.as_millis() == 0 {
            return Err(InvalidOption::StallTimeout);
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// What happens to a message for which the send queue has no room.
///
/// It is `try_send` that meets it: `send` and the `Sink` wait at the high-water mark, long before.
/// But what is dropped may be theirs, from before the connection was open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// `try_send` gives it back as [`TrySendError::Full`](crate::TrySendError::Full).
    #[default]
    Reject,
    /// The oldest waiting messages are dropped until there is room
    /// ([`DropCause::Overflow`](crate::DropCause::Overflow)).
    DropOldest,
    /// It is dropped itself: `try_send` says [`Outcome::Dropped`](crate::Outcome::Dropped).
    DropNewest,
}

/// What happens when more arrives than the inbox of a stream holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboxOverflow {
    /// The connection is closed with 4009. The stream ends with
    /// [`StreamError::Overflow`](crate::StreamError::Overflow), after what had fitted: nothing is
    /// missing in between.
    #[default]
    Close,
    /// The oldest messages are thrown away, and counted in
    /// [`Stats::messages_overflowed`](crate::Stats::messages_overflowed).
    DropOldest,
}

/// When messages that arrived are given to a handler for several at once. For
/// [`WebSocketBuilder::on_messages`](crate::WebSocketBuilder::on_messages).
///
/// In a hidden page there are no frames, and batches come about once a second, intervals sooner where
/// [`WakeSource::Automatic`] has something better than timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batch {
    /// Before the next frame is painted; where there are no frames, after 16 ms.
    Frame,
    /// So long after the first of them arrived. At least 1 ms.
    Interval(Duration),
}

/// By what a socket that waits is woken while its page is hidden, where browsers slow timers down to
/// one a second.
///
/// In a visible page and in workers all three are the same. What an engine lacks falls back to
/// timers, and a page that becomes visible looks at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WakeSource {
    /// `Atomics.waitAsync` with a time-out, which Chromium and WebKitGTK do not throttle; where it
    /// turns out to be throttled, as in Firefox, as [`Self::Channel`].
    #[default]
    Automatic,
    /// Bursts of `MessageChannel` ticks, for up to 100 ms after the last progress; then timers.
    Channel,
    /// Timers only: the least work, and about one high-water mark a second.
    Timer,
}

/// An option whose value makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidOption {
    /// `high_water_mark` is 0: nothing could ever be sent.
    HighWaterMark,
    /// `low_water_mark` is above `high_water_mark`.
    LowWaterMark,
    /// `capacity` is below 64: not even an empty message fits.
    Capacity,
    /// `capacity_messages` is 0.
    CapacityMessages,
    /// `inbox_capacity` is below 64: not even an empty message fits.
    InboxCapacity,
    /// `stall_timeout` is below 1 ms.
    StallTimeout,
    /// A count or a period of a [`RateLimit`](crate::RateLimit) is 0: nothing could ever be sent.
    RateLimit,
    /// The interval of a [`Batch`] is below 1 ms.
    Batch,
}

impl fmt::Display for InvalidOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HighWaterMark => "high_water_mark must be at least 1",
            Self::LowWaterMark => "low_water_mark must not be above high_water_mark",
            Self::Capacity => "capacity must be at least 64",
            Self::CapacityMessages => "capacity_messages must be at least 1",
            Self::InboxCapacity => "inbox_capacity must be at least 64",
            Self::StallTimeout => "stall_timeout must be at least 1 ms",
            Self::RateLimit => "counts and periods of a rate limit must not be 0",
            Self::Batch => "the interval of a batch must be at least 1 ms",
        })
    }
}

impl core::error::Error for InvalidOption {}

/// What a message costs in a queue beside its bytes, so that a flood of empty ones is bounded too.
/// In bytes; about what the entry and its allocation take.
pub(crate) const OVERHEAD: usize = 64;
