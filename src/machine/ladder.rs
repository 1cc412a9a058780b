//! When to look at `bufferedAmount`, which has no event of its own.

use core::time::Duration;

use super::{Timeout, Wake};

/// The steps between two looks: a few ticks of the event loop, then timers that slow down. A fall of
/// `bufferedAmount` goes back to the first timer, or, where the rest will take long at the speed of
/// the fall, to a later one.
///
/// It never spins: ticks alone cost 344,000–528,000 polls in 3 s on a slow link and burn a core,
/// and timers alone cap at 60 MiB/s at a 256 KiB mark (measured).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    step: usize,
    /// The last look.
    since: Duration,
    /// The last fall, or the beginning.
    moved: Duration,
}

impl Ladder {
    /// At the first step.
    pub const fn new(now: Duration) -> Self {
        Self {
            step: 0,
            since: now,
            moved: now,
        }
    }

    /// Looked, and nothing had changed.
    pub fn advance(&mut self, now: Duration) {
        self.step = (self.step + 1).min(TICKS + TIMERS.len() - 1);
        self.since = now;
    }

    /// Looked, and `left` bytes had gone; `rest` more have to go.
    pub fn restart(&mut self, left: u64, rest: u64, now: Duration) {
        let elapsed = now.saturating_sub(self.since).as_micros() as u64;
        let ahead = elapsed.saturating_mul(rest) / left.max(1) / CAUTION / 1000;
        let slow = ahead >= WORTH_WAITING;
        let timer = TIMERS.iter().rposition(|timer| slow && *timer <= ahead);
        self.step = TICKS + timer.unwrap_or(0);
        self.since = now;
        self.moved = now;
    }

    /// When to look next.
    pub fn next(&self) -> Timeout {
        let (delay, wake) = match self.step.checked_sub(TICKS) {
            None => (0, Wake::Tick),
            Some(step) => (TIMERS.get(step).copied().unwrap_or(MAX_DELAY), Wake::Timer),
        };
        let at = self.since.saturating_add(Duration::from_millis(delay));
        Timeout {
            at,
            wake,
            idle: at.saturating_sub(self.moved),
        }
    }
}

/// How fast `bufferedAmount` falls, over windows of at least a second that end with a fall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// In milliseconds, as is the next.
    start: u64,
    last: u64,
    left: u64,
    running: bool,
    bytes_per_second: Option<u64>,
}

impl Rate {
    /// `bufferedAmount` was read as `amount`, `left` bytes less than known before.
    pub fn handle_reading(&mut self, amount: u64, left: u64, now: Duration) {
        let now = now.as_millis() as u64;
        let gap = now.saturating_sub(self.last);
        self.last = now;
        if self.running && gap <= MAX_GAP_MS {
            self.left = self.left.saturating_add(left);
            self.close_window(left, now);
        } else {
            self.start = now;
            self.left = 0;
        }
        self.running = amount > 0;
    }

    fn close_window(&mut self, left: u64, now: u64) {
        let millis = now.saturating_sub(self.start);
        if left > 0 && millis >= MIN_WINDOW_MS {
            self.bytes_per_second = Some(self.left.saturating_mul(1000) / millis);
            self.start = now;
            self.left = 0;
        }
    }

    /// How long `bytes` take at the rate last seen; zero when none was.
    pub fn duration_of(&self, bytes: u64) -> Duration {
        match self.bytes_per_second {
            None => Duration::ZERO,
            Some(rate) => Duration::from_millis(bytes.saturating_mul(1000) / rate.max(1)),
        }
    }
}

/// How many looks are ticks, at the start of a wait only: going back to them at every fall, which
/// Chromium shows in steps of 64 KiB, costs two to three times the looks at the same rate (48 MiB
/// in 16 KiB messages: 570–1,040 against 270–720, measured). Going back to the first timer at every
/// fall, however slow, costs up to 8,450 looks for 6 MiB in small messages (measured).
const TICKS: usize = 2;

/// The timers after the ticks, in milliseconds. The last one repeats: 16 ms cost 290–570 polls in
/// 3 s on a slow link together with the steps before (measured).
const TIMERS: [u64; 6] = [0, 1, 2, 4, 8, 16];
const MAX_DELAY: u64 = 16;

/// Which part of the time that the rest will take is waited for. Falls come in bursts: with a half,
/// and no least delay, Chromium came to 0.66 of the rate without a gate (256 KiB messages, measured).
const CAUTION: u64 = 8;

/// The least delay, in milliseconds, that is not better spent looking.
const WORTH_WAITING: u64 = 4;

/// A window must be long against the first fall, which Chromium and Firefox show at once for up to
/// 4.2 MB (measured).
const MIN_WINDOW_MS: u64 = 1000;

/// Readings further apart say nothing of a rate: nobody was waiting. Above the one second to which
/// timers are throttled in a hidden page.
const MAX_GAP_MS: u64 = 2000;
