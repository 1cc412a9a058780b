//! Noticing that nothing moves.

use core::time::Duration;

/// Watches `bufferedAmount` and what arrives while somebody waits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stall {
    /// When something moved last, or when somebody began to wait.
    since: Duration,
    received: u64,
    stalled: bool,
}

impl Stall {
    /// Something has left, or somebody begins to wait.
    pub(super) fn restart(&mut self, now: Duration) {
        self.since = now;
        self.stalled = false;
    }

    /// Somebody who waits has looked, and nothing had left; `received` is how many messages have
    /// ever arrived. Returns for how long nothing has moved, once, when that is too long.
    pub(super) fn handle_look(
        &mut self,
        received: u64,
        now: Duration,
        timeout: Duration,
    ) -> Option<Duration> {
        if received != self.received {
            self.received = received;
            self.restart(now);
        }
        let still = now.saturating_sub(self.since);
        let told = self.stalled;
        self.stalled = still >= timeout;
        (self.stalled && !told).then_some(still)
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalled
    }
}
