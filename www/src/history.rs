//! What a flood looked like over time, in a bounded number of samples.

use std::collections::VecDeque;

use crate::format::MIB;

/// When there are so many, every second one goes, and the next come half as often.
const MAX_SAMPLES: usize = 1200;
/// Milliseconds between the first samples.
const FIRST_STEP: f64 = 4.0;
/// Over how many milliseconds throughput is averaged, at most and at least.
const RATE_WINDOW: f64 = 200.0;
const MIN_RATE_WINDOW: f64 = 50.0;

/// The samples as columns, in seconds and MiB.
pub(crate) struct History {
    pub(crate) time: Vec<f64>,
    pub(crate) buffered: Vec<f64>,
    pub(crate) queued: Vec<f64>,
    pub(crate) rate: Vec<f64>,
    recent: VecDeque<(f64, u64)>,
    step: f64,
    next: f64,
}

/// One look at a flood; bytes, and milliseconds since its start.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) elapsed: f64,
    pub(crate) buffered: u64,
    pub(crate) queued: u64,
    pub(crate) sent: u64,
}

impl Default for History {
    fn default() -> Self {
        Self {
            time: Vec::new(),
            buffered: Vec::new(),
            queued: Vec::new(),
            rate: Vec::new(),
            recent: VecDeque::new(),
            step: FIRST_STEP,
            next: 0.0,
        }
    }
}

impl History {
    /// Whether it is time for another sample.
    pub(crate) fn wants(&self, elapsed: f64) -> bool {
        elapsed >= self.next
    }

    pub(crate) fn add(&mut self, sample: Sample) {
        self.next = sample.elapsed + self.step;
        let rate = self.rate_at(&sample);
        self.time.push(sample.elapsed / 1000.0);
        self.buffered.push(sample.buffered as f64 / MIB);
        self.queued.push(sample.queued as f64 / MIB);
        self.rate.push(rate);
        if self.time.len() >= MAX_SAMPLES {
            self.thin_out();
        }
    }

    fn rate_at(&mut self, sample: &Sample) -> f64 {
        self.recent.push_back((sample.elapsed, sample.sent));
        while self.recent.len() > 2
            && self
                .recent
                .get(1)
                .is_some_and(|(time, _)| sample.elapsed - time >= RATE_WINDOW)
        {
            self.recent.pop_front();
        }
        let (time, sent) = self.recent.front().copied().unwrap_or_default();
        let elapsed = (sample.elapsed - time).max(MIN_RATE_WINDOW);
        sample.sent.saturating_sub(sent) as f64 / MIB * 1000.0 / elapsed
    }

    fn thin_out(&mut self) {
        self.step *= 2.0;
        for column in [
            &mut self.time,
            &mut self.buffered,
            &mut self.queued,
            &mut self.rate,
        ] {
            let mut index = 0;
            column.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }
}
