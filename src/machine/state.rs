//! What a machine knows in each state.

use core::time::Duration;

use crate::{CloseEvent, Drops, Options};

use super::closing::Deadline;
use super::stall::Stall;
use super::{Gate, Ladder, Rate};

/// Where the connection stands, with what belongs to it.
#[derive(Debug)]
pub(super) enum State {
    Connecting,
    Open(Link),
    Closing(Link, Deadline),
    Closed(CloseEvent),
}

impl State {
    /// The buffer of a connection that is or was open.
    pub(super) fn link_mut(&mut self) -> Option<&mut Link> {
        match self {
            Self::Open(link) | Self::Closing(link, _) => Some(link),
            Self::Connecting | Self::Closed(_) => None,
        }
    }
}

/// What is known of the browser's buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) gate: Gate,
    pub(super) ladder: Ladder,
    pub(super) rate: Rate,
    pub(super) stall: Stall,
}

/// What has been done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) messages_sent: u64,
    pub(super) bytes_sent: u64,
    pub(super) messages_received: u64,
    pub(super) bytes_received: u64,
    pub(super) messages_unreadable: u64,
    pub(super) dropped: Drops,
    pub(super) messages_overflowed: u64,
    pub(super) messages_conflated: u64,
    pub(super) polls: u64,
}

impl Link {
    /// An empty buffer.
    pub(super) fn new(options: &Options, shared: bool, now: Duration) -> Self {
        let mut gate = Gate::new(options.high_water_mark, options.low_water_mark);
        if shared {
            gate.share();
        }
        Self {
            gate,
            ladder: Ladder::new(now),
            rate: Rate::default(),
            stall: Stall::default(),
        }
    }
}
