//! How messages are taken, kept, dropped and handed over.

use core::time::Duration;

use crate::error::TrySendError;
use crate::{DropCause, DropEvent, ErrorEvent, Overflow, SendOptions, TapEvent};

use super::state::State;
use super::{Entry, Event, Fate, Limit, Machine, Outcome, Payload, Room, Sending, Tag, Ticket};

impl<P: Payload> Machine<P> {
    // ---- what happened ----

    /// The browser took the message of [`Transmit::Message`](super::Transmit::Message).
    pub fn handle_transmitted(&mut self, entry: &Entry<P>) {
        self.counts.messages_sent += 1;
        self.counts.bytes_sent += entry.bytes as u64;
        if let Some(limit) = &mut self.limit {
            limit.take(entry.bytes, self.now);
        }
        if let Some(link) = self.state.link_mut() {
            link.gate.handle_transmitted(entry.bytes);
        }
        if let Some(ticket) = entry.ticket() {
            self.fates.push((ticket, Fate::Sent));
        }
        self.settle_drain();
    }

    /// The browser refused a queued message of [`Transmit::Message`](super::Transmit::Message), and
    /// it is lost.
    pub fn handle_refused(&mut self, entry: Entry<P>, cause: DropCause) {
        self.drop_entry(entry, cause);
        self.tell(Event::Error(ErrorEvent {}));
        self.settle_drain();
    }

    // ---- what the application asks for ----

    /// Sends a message, within the capacity of the queue.
    ///
    /// # Errors
    ///
    /// Gives the message back when the queue is full or the connection is closing.
    pub fn try_send(&mut self, payload: P) -> Result<Outcome, TrySendError<P>> {
        self.try_accept(Entry::new(payload))
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// As [`Self::try_send`].
    pub fn try_send_with(
        &mut self,
        payload: P,
        options: SendOptions,
        now: Duration,
    ) -> Result<Outcome, TrySendError<P>> {
        self.advance_to(now);
        self.queue.allow_tags();
        self.try_accept(tagged(payload, options, None, now))
    }

    /// Sends a message of a sender that was told that there is [`Room`], whatever came between.
    ///
    /// # Errors
    ///
    /// Gives the message back when the connection is closing.
    pub fn send(&mut self, payload: P) -> Result<Outcome, P> {
        if self.room() == Room::Never {
            return Err(payload);
        }
        Ok(self.accept(Entry::new(payload)))
    }

    /// Sends a message at once or queues it, whatever the capacity: it would wait in any case, and
    /// only in the queue can a successor replace it. What becomes of it is told by
    /// [`Self::take_fate`].
    ///
    /// # Errors
    ///
    /// Gives the message back when the connection is closing.
    pub fn send_with(
        &mut self,
        payload: P,
        options: SendOptions,
        now: Duration,
    ) -> Result<Sending, P> {
        self.advance_to(now);
        self.queue.allow_tags();
        if self.room() == Room::Never {
            return Err(payload);
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        let entry = tagged(payload, options, Some(ticket), now);
        Ok(match self.accept(entry) {
            Outcome::Queued => Sending::Waits(ticket),
            Outcome::Sent | Outcome::Dropped => Sending::Sent,
        })
    }

    /// Takes what became of a message, once something has.
    pub fn take_fate(&mut self, ticket: Ticket) -> Option<Fate<P>> {
        let place = self.fates.iter().position(|(other, _)| *other == ticket)?;
        Some(self.fates.swap_remove(place).1)
    }

    /// Nobody waits for this message any more, and it is not to be sent.
    pub fn cancel(&mut self, ticket: Ticket) {
        self.queue.remove(ticket);
        self.take_fate(ticket);
        self.settle_drain();
    }

    /// Sets a further bound on the gate.
    pub fn set_limit(&mut self, limit: Box<dyn Limit>) {
        self.limit = Some(limit);
    }

    // ---- helpers ----

    /// Time has passed.
    pub(super) fn advance_to(&mut self, now: Duration) {
        self.now = self.now.max(now);
        let now = self.now;
        for entry in self.queue.take_expired(now) {
            self.drop_entry(entry, DropCause::Expired);
        }
    }

    fn try_accept(&mut self, entry: Entry<P>) -> Result<Outcome, TrySendError<P>> {
        if self.room() == Room::Never {
            return Err(TrySendError::Closed(entry.payload));
        }
        if !self.goes_direct() && !self.fits(&entry) {
            if entry.cost() > self.options.capacity {
                return Err(TrySendError::TooLarge(entry.payload));
            }
            match self.options.overflow {
                Overflow::Reject => return Err(TrySendError::Full(entry.payload)),
                Overflow::DropNewest => {
                    self.drop_entry(entry, DropCause::Overflow);
                    return Ok(Outcome::Dropped);
                }
                Overflow::DropOldest => self.make_room(&entry),
            }
        }
        Ok(self.accept(entry))
    }

    /// Whether the queue has room for the message.
    fn fits(&self, entry: &Entry<P>) -> bool {
        let replaced = self.queue.cost_of_replaced(entry);
        let cost = self.queue.cost().saturating_add(entry.cost());
        let len = self.queue.len() - usize::from(replaced.is_some());
        cost <= self.options.capacity.saturating_add(replaced.unwrap_or(0))
            && len < self.options.capacity_messages
    }

    fn make_room(&mut self, entry: &Entry<P>) {
        while !self.fits(entry)
            && let Some(oldest) = self.queue.pop()
        {
            self.drop_entry(oldest, DropCause::Overflow);
        }
    }

    pub(super) fn goes_direct(&self) -> bool {
        matches!(self.state, State::Open(_)) && self.room() == Room::Yes
    }

    fn accept(&mut self, mut entry: Entry<P>) -> Outcome {
        if self.goes_direct() {
            entry.tag = None;
            self.direct = Some(entry);
            return Outcome::Sent;
        }
        if let Some(replaced) = self.queue.push(entry) {
            self.drop_entry(replaced, DropCause::Replaced);
        }
        self.drain_owed = true;
        Outcome::Queued
    }

    /// Something has to wait: if that is for the browser's buffer, then until the low-water mark.
    fn shut_gate(&mut self) {
        if let State::Open(link) = &mut self.state
            && !link.gate.has_room()
            && !link.gate.is_shut()
        {
            link.gate.shut();
            let buffered_amount = link.gate.bound();
            self.tap(TapEvent::GateShut { buffered_amount });
        }
    }

    /// Whether the gate is open and nothing else holds messages back.
    pub(super) fn may_transmit(&self) -> bool {
        let open = match &self.state {
            State::Open(link) => link.gate.has_room(),
            _ => false,
        };
        let limit = self.limit.as_ref();
        open && limit.is_none_or(|limit| limit.ready_at() <= self.now)
    }

    pub(super) fn next_queued(&mut self) -> Option<Entry<P>> {
        match &self.state {
            State::Connecting => None,
            State::Open(_) if self.may_transmit() => self.queue.pop(),
            State::Open(_) => {
                if !self.queue.is_empty() {
                    self.shut_gate();
                }
                None
            }
            State::Closing(..) | State::Closed(_) => self.queue.pop(),
        }
    }

    /// Tells of room, once, when it was missed before.
    pub(super) fn settle_drain(&mut self) {
        if !self.drain_owed || !self.queue.is_empty() || !matches!(self.state, State::Open(_)) {
            return;
        }
        if self.may_transmit() {
            self.drain_owed = false;
            self.tell(Event::Drain(crate::DrainEvent {}));
        } else {
            self.shut_gate();
        }
    }

    pub(super) fn drop_queue(&mut self) {
        while let Some(entry) = self.queue.pop() {
            self.drop_entry(entry, DropCause::Closed);
        }
        self.queue = super::Queue::new();
    }

    /// Counts a message that was accepted and will not be sent, and tells everybody who wants to
    /// know.
    fn drop_entry(&mut self, entry: Entry<P>, cause: DropCause) {
        self.counts.dropped.count(cause);
        self.tap(TapEvent::Dropped {
            cause,
            bytes: entry.bytes,
        });
        let ticket = entry.ticket();
        let message = entry.payload;
        if self.hears.drops {
            let event = DropEvent::new(message.clone(), cause);
            self.tell(Event::Drop(event));
        }
        if let Some(ticket) = ticket {
            self.fates.push((ticket, Fate::Dropped(message, cause)));
        }
    }
}

fn tagged<P: Payload>(
    payload: P,
    options: SendOptions,
    ticket: Option<Ticket>,
    now: Duration,
) -> Entry<P> {
    let mut entry = Entry::new(payload);
    let expiry = options.time_to_live.map(|time| now.saturating_add(time));
    entry.tag = Some(Box::new(Tag {
        key: options.key,
        expiry,
        ticket,
    }));
    entry
}
