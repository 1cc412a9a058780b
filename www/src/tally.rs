//! What a socket tells about itself: drops, the gate, and by what it was woken.

use std::collections::VecDeque;

use sluicegate::{DropCause, DropEvent, Message, TapEvent, WokenBy};

/// How many dropped messages are kept.
pub(crate) const MAX_DROPPED: usize = 5;

/// Counted since the flood began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Messages that `try_send` gave back, because the queue was full.
    pub(crate) given_back: u64,
    pub(crate) shut: u64,
    pub(crate) opened: u64,
    pub(crate) stalls: u64,
    pub(crate) by_channel: u64,
    pub(crate) by_timer: u64,
    pub(crate) by_atomics: u64,
    pub(crate) by_visibility: u64,
    /// The newest first.
    pub(crate) dropped: VecDeque<Dropped>,
}

/// A message that was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) number: u32,
    pub(crate) bytes: usize,
    pub(crate) cause: DropCause,
}

impl Tally {
    pub(crate) fn handle_tap(&mut self, event: TapEvent) {
        match event {
            TapEvent::GateShut { .. } => self.shut += 1,
            TapEvent::GateOpened { .. } => self.opened += 1,
            TapEvent::Stalled { .. } => self.stalls += 1,
            TapEvent::Woken(WokenBy::Channel) => self.by_channel += 1,
            TapEvent::Woken(WokenBy::Timer) => self.by_timer += 1,
            TapEvent::Woken(WokenBy::Atomics) => self.by_atomics += 1,
            TapEvent::Woken(WokenBy::Visibility) => self.by_visibility += 1,
            _ => {}
        }
    }

    pub(crate) fn handle_drop(&mut self, event: &DropEvent) {
        self.dropped.truncate(MAX_DROPPED - 1);
        self.dropped.push_front(Dropped {
            number: number(&event.message),
            bytes: event.message.byte_len(),
            cause: event.cause,
        });
    }
}

/// The number with which a message of a flood begins.
fn number(message: &Message) -> u32 {
    let head = match message {
        Message::Binary(bytes) => bytes.first_chunk().copied(),
        Message::Text(_) => None,
    };
    u32::from_le_bytes(head.unwrap_or_default())
}
