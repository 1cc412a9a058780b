//! When the page was hidden during a flood, and what the flood did meanwhile.

use std::collections::VecDeque;

/// So many stretches are kept; the oldest are forgotten.
const MAX_STRETCHES: usize = 100;

/// What was handed over in which time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    /// Milliseconds.
    pub(crate) elapsed: f64,
    pub(crate) bytes: u64,
}

/// A flood's work, by whether the page could be seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Split {
    pub(crate) hidden: Share,
    pub(crate) visible: Share,
}

/// Follows a flood through times in which the page is hidden. Times are milliseconds since its
/// start.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    is_hidden: bool,
    is_over: bool,
    elapsed: f64,
    bytes: u64,
    split: Split,
    stretches: VecDeque<(f64, f64)>,
}

impl Visibility {
    /// A flood begins in a page that is hidden or not.
    pub(crate) fn new(is_hidden: bool) -> Self {
        let mut visibility = Self::default();
        visibility.turn(is_hidden);
        visibility
    }

    /// The flood has come so far.
    pub(crate) fn advance(&mut self, elapsed: f64, bytes: u64) {
        let split = &mut self.split;
        let share = if self.is_hidden {
            &mut split.hidden
        } else {
            &mut split.visible
        };
        if !self.is_over {
            share.elapsed += elapsed - self.elapsed;
            share.bytes += bytes.saturating_sub(self.bytes);
        }
        (self.elapsed, self.bytes) = (elapsed, bytes);
        if let (true, Some((_, end))) = (self.is_hidden, self.stretches.back_mut()) {
            *end = elapsed;
        }
    }

    /// From now on the page is hidden, or visible.
    pub(crate) fn turn(&mut self, is_hidden: bool) {
        if is_hidden && !self.is_hidden {
            self.stretches.push_back((self.elapsed, self.elapsed));
        }
        if self.stretches.len() > MAX_STRETCHES {
            self.stretches.pop_front();
        }
        self.is_hidden = is_hidden;
    }

    /// Everything was handed over: what follows is waiting for the peer.
    pub(crate) fn finish(&mut self) {
        self.is_over = true;
    }

    pub(crate) fn split(&self) -> Split {
        self.split
    }

    /// From when to when the page was hidden, in seconds.
    pub(crate) fn stretches(&self) -> Vec<(f64, f64)> {
        let seconds = |&(start, end): &(f64, f64)| (start / 1000.0, end / 1000.0);
        self.stretches.iter().map(seconds).collect()
    }
}
