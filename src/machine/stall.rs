//! Noticing that nothing moves.

use core::time::Duration;

/// Watches `bufferedAmount` and what arrives while somebody waits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stall {
    /// When something moved last, or when somebody began to wait.
    since: Duration,
    last_look: Duration,
    received: u64,
    stalled: bool,
}

impl Stall {
    /// Somebody looked; `fell` says whether anything had left, `received` how many messages have
    /// ever arrived. Returns for how long nothing has moved, once, when that is too long.
    pub(super) fn handle_look(
        &mut self,
        fell: bool,
        received: u64,
        now: Duration,
        timeout: Duration,
    ) -> Option<Duration> {
        let gap = now.saturating_sub(self.last_look);
        self.last_look = now;
        if fell || received != self.received || gap > MAX_GAP {
            self.since = now;
            self.received = received;
            self.stalled = false;
            return None;
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

/// After a longer pause between two looks nobody was waiting. Above the two seconds that a throttled
/// timer of a hidden page takes (measured).
const MAX_GAP: Duration = Duration::from_secs(5);
