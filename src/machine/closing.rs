//! How long a closing connection is waited for.

use core::time::Duration;

use crate::{EndCause, Options};

use super::Rate;

/// The deadline of a connection in CLOSING.
///
/// While `bufferedAmount` is above 0 it runs from its last fall, and at 0 from when it got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    since: Duration,
    drained: bool,
    /// The browser is in CLOSED already, and only its close event is missing.
    lost: bool,
}

impl Deadline {
    /// Starts with what the browser holds now.
    pub(super) fn new(bound: u64, now: Duration) -> Self {
        Self {
            since: now,
            drained: bound == 0,
            lost: false,
        }
    }

    /// The browser says CLOSED. The close event comes in the same task in every engine (measured),
    /// so the next one is late enough. Returns whether this is news.
    pub(super) fn lose(&mut self, now: Duration) -> bool {
        if !self.lost {
            self.since = now;
        }
        !core::mem::replace(&mut self.lost, true)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    /// What it means when the deadline has passed.
    pub(super) fn cause(&self) -> EndCause {
        if self.lost {
            EndCause::NoCloseEvent
        } else {
            EndCause::Timeout
        }
    }

    /// `bufferedAmount` was read as `amount`, `left` bytes less than known before.
    pub(super) fn handle_reading(&mut self, amount: u64, left: u64, now: Duration) {
        if self.lost {
            return;
        }
        let drained = amount == 0;
        if left > 0 || drained != self.drained {
            self.since = now;
        }
        self.drained = drained;
    }

    /// When the socket is given up.
    pub(super) fn at(&self, options: &Options, rate: &Rate) -> Duration {
        let wait = if self.lost {
            TURN
        } else if self.drained {
            let hidden = rate.duration_of(HIDDEN_BYTES);
            let wait = options.close_timeout.saturating_add(hidden);
            wait.min(options.close_timeout.max(MAX_CLOSE_TIMEOUT))
        } else {
            options.drain_timeout
        };
        self.since.saturating_add(wait)
    }
}

/// How long a close event that is missing is given: long enough to be a timer of its own and no tick
/// that somebody else has asked for.
const TURN: Duration = Duration::from_millis(1);

/// How much may still be under way when `bufferedAmount` is 0, in bytes: Chromium hides 4.39 MB and
/// Firefox 4.19 MB in the layers below (measured).
const HIDDEN_BYTES: u64 = 4_200_000;

/// The allowance for hidden bytes ends here.
const MAX_CLOSE_TIMEOUT: Duration = Duration::from_secs(30);
