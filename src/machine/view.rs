//! What can be asked of a machine.

use core::time::Duration;

use crate::{CloseEvent, ReadyState, Stats};

use super::state::State;
use super::{Generation, Inbox, Machine, Payload, Room, Ticket};

impl<P: Payload> Machine<P> {
    /// Where the connection stands.
    pub fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Connecting => ReadyState::Connecting,
            State::Open(_) => ReadyState::Open,
            State::Closing(..) => ReadyState::Closing,
            State::Closed(_) => ReadyState::Closed,
        }
    }

    /// The connection that events are taken from.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// How the connection ended, once it has.
    pub fn close_event(&self) -> Option<&CloseEvent> {
        match &self.state {
            State::Closed(event) => Some(event),
            _ => None,
        }
    }

    /// Whether a sender that waits at the mark may go on. Before the connection is open the mark
    /// applies to the queue.
    pub fn room(&self) -> Room {
        let yes = match &self.state {
            State::Connecting => {
                let most = self.options.high_water_mark.min(self.options.capacity);
                self.queue.cost() < most && self.queue.len() < self.options.capacity_messages
            }
            State::Open(_) => self.queue.is_empty() && self.may_transmit(),
            State::Closing(..) | State::Closed(_) => return Room::Never,
        };
        if yes { Room::Yes } else { Room::Wait }
    }

    /// Whether the browser must be looked at before a message is sent: whenever an open connection
    /// would not hand it straight to the browser, or when others send too.
    pub fn wants_reading(&self) -> bool {
        match &self.state {
            State::Open(link) => {
                !self.queue.is_empty() || self.limit.is_some() || link.gate.wants_reading()
            }
            // Not for `bufferedAmount`, but for the time.
            State::Connecting => self.queue.next_expiry().is_some(),
            State::Closing(..) | State::Closed(_) => false,
        }
    }

    /// Whether all messages were handed to the browser.
    pub fn is_flushed(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many messages that had been accepted were lost: they were never handed to the browser,
    /// and no policy of the application is the reason.
    pub fn lost(&self) -> u64 {
        self.counts.dropped.closed + self.counts.dropped.refused
    }

    /// Whether something became of this message.
    pub fn has_fate(&self, ticket: Ticket) -> bool {
        self.fates.iter().any(|(other, _)| *other == ticket)
    }

    /// Whether the connection has been open, wherever it stands now.
    pub fn was_open(&self) -> bool {
        self.opened
    }

    /// Whether all messages were handed to the browser and have left it, by the last reading. A
    /// connection that dropped messages while it closes is never drained.
    pub fn is_drained(&self) -> bool {
        let empty = match &self.state {
            State::Open(link) => link.gate.bound() == 0,
            State::Closing(link, _) => link.gate.bound() == 0 && self.lost() == 0,
            State::Connecting | State::Closed(_) => false,
        };
        empty && self.queue.is_empty()
    }

    /// What was kept of what arrived.
    pub fn inbox(&self) -> Option<&Inbox<P>> {
        self.inbox.as_ref()
    }

    /// A snapshot; `bufferedAmount` was read for it.
    pub fn stats(&self, buffered_amount: u64, now: Duration) -> Stats {
        let stalled = match &self.state {
            State::Open(link) | State::Closing(link, _) => link.stall.is_stalled(),
            State::Connecting | State::Closed(_) => false,
        };
        let unknown = matches!(self.state, State::Closed(_)) && !self.confirmed;
        Stats {
            ready_state: self.ready_state(),
            messages_sent: self.counts.messages_sent,
            bytes_sent: self.counts.bytes_sent,
            messages_received: self.counts.messages_received,
            bytes_received: self.counts.bytes_received,
            messages_unreadable: self.counts.messages_unreadable,
            messages_queued: self.queue.len(),
            bytes_queued: self.queue.bytes(),
            dropped: self.counts.dropped,
            messages_unknown: if unknown {
                self.counts.messages_sent
            } else {
                0
            },
            bytes_unknown: if unknown { self.counts.bytes_sent } else { 0 },
            messages_overflowed: self.counts.messages_overflowed,
            messages_conflated: self.counts.messages_conflated,
            messages_unread: self.inbox.as_ref().map_or(0, Inbox::len),
            bytes_unread: self.inbox.as_ref().map_or(0, Inbox::bytes),
            buffered_amount,
            polls: self.counts.polls,
            stalled,
            time_in_state: now.saturating_sub(self.since),
        }
    }
}
