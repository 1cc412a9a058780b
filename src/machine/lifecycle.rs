//! The life of a socket: from CONNECTING to CLOSED, and what is sent and heard on the way.

use std::collections::VecDeque;

use core::time::Duration;

use crate::error::TrySendError;
use crate::{
    CloseCode, CloseEvent, CloseFrame, DrainEvent, ErrorEvent, OpenEvent, Options, ReadyState,
};

use super::closing::Deadline;
use super::state::{Counts, Link, State};
use super::{
    Entry, Event, Generation, Inbox, Ladder, Payload, Queue, Timeout, Transmit, Waiting, Wake,
};

/// What became of a message that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was handed to the browser. That is not *delivered*: nothing in the platform says so.
    Sent,
    /// It waits in the queue, because the connection is not open yet or the gate is shut.
    Queued,
}

/// Whether a sender that waits may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is room.
    Yes,
    /// There will be.
    Wait,
    /// There will never be: the connection is closing or has ended.
    Never,
}

/// One socket. See the [module](super) for how to drive it.
#[derive(Debug)]
pub struct Machine<P> {
    pub(super) options: Options,
    pub(super) generation: Generation,
    pub(super) state: State,
    /// Waiting messages. In CLOSING and CLOSED: what is still to be handed over, now.
    pub(super) queue: Queue<P>,
    /// The message that goes straight to the browser.
    pub(super) direct: Option<Entry<P>>,
    /// What is to be done with the socket, apart from messages.
    pub(super) opening: bool,
    pub(super) closing: Option<CloseFrame>,
    pub(super) abandoning: bool,
    pub(super) events: VecDeque<Event<P>>,
    pub(super) inbox: Option<Inbox<P>>,
    /// A message was queued, and no [`Event::Drain`] came since.
    pub(super) drain_owed: bool,
    pub(super) shared: bool,
    /// The connection has been open, wherever it stands now.
    pub(super) opened: bool,
    pub(super) counts: Counts,
}

impl<P: Payload> Machine<P> {
    /// A socket that is to be opened: CONNECTING, and the first thing to transmit is
    /// [`Transmit::Open`].
    pub fn new(options: Options) -> Self {
        Self {
            options,
            generation: Generation(1),
            state: State::Connecting,
            queue: Queue::new(),
            direct: None,
            opening: true,
            closing: None,
            abandoning: false,
            events: VecDeque::new(),
            inbox: None,
            drain_owed: false,
            shared: false,
            opened: false,
            counts: Counts::default(),
        }
    }

    /// A socket that somebody else has made and may go on using.
    pub fn adopted(options: Options, open: bool) -> Self {
        let mut machine = Self::new(options);
        machine.opening = false;
        machine.shared = true;
        machine.opened = open;
        if open {
            machine.state = State::Open(Link::new(&options, true, Duration::ZERO));
        }
        machine
    }

    // ---- what happened ----

    /// The browser's `open`.
    pub fn handle_open(&mut self, generation: Generation, event: OpenEvent, now: Duration) {
        if generation == self.generation && matches!(self.state, State::Connecting) {
            self.state = State::Open(Link::new(&self.options, self.shared, now));
            self.opened = true;
            self.events.push_back(Event::Open(event));
        }
    }

    /// The browser's `message`.
    pub fn handle_message(&mut self, generation: Generation, payload: P) {
        if self.is_live(generation) {
            self.counts.messages_received += 1;
            self.counts.bytes_received += payload.byte_len() as u64;
            self.events.push_back(Event::Message(payload));
        }
    }

    /// A `message` whose data is neither text nor an `ArrayBuffer`.
    pub fn handle_unreadable(&mut self, generation: Generation) {
        if self.is_live(generation) {
            self.counts.messages_unreadable += 1;
            self.events.push_back(Event::Unreadable);
        }
    }

    /// The browser's `error`. It is told and nothing else: only a close ends a connection.
    pub fn handle_error(&mut self, generation: Generation) {
        if generation == self.generation && !matches!(self.state, State::Closed(_)) {
            self.events.push_back(Event::Error(ErrorEvent {}));
        }
    }

    /// The browser says CLOSING or CLOSED, without a close event so far: the peer has begun.
    pub fn handle_closing(&mut self, generation: Generation, now: Duration) {
        if generation == self.generation && self.ready_state() < ReadyState::Closing {
            self.drop_queue();
            self.start_closing(now);
        }
    }

    /// The browser's `close`.
    pub fn handle_close(&mut self, generation: Generation, event: CloseEvent) {
        if generation == self.generation {
            self.end(event);
        }
    }

    /// `bufferedAmount` was read.
    pub fn handle_buffered(&mut self, amount: u64, now: Duration) {
        self.take_reading(amount, now);
    }

    /// The time of [`Self::poll_timeout`] has come, and `bufferedAmount` was read.
    pub fn handle_timeout(&mut self, amount: u64, now: Duration) {
        self.counts.polls += 1;
        let fell = self.take_reading(amount, now);
        if let Some(link) = self.state.link_mut()
            && !fell
        {
            link.ladder.advance(now);
        }
        if let State::Closing(link, deadline) = &self.state
            && now >= deadline.at(&self.options, &link.rate)
        {
            self.end(CloseEvent::abnormal());
        }
    }

    /// The browser took the message of [`Transmit::Message`].
    pub fn handle_transmitted(&mut self, bytes: usize) {
        self.counts.messages_sent += 1;
        self.counts.bytes_sent += bytes as u64;
        if let Some(link) = self.state.link_mut() {
            link.gate.handle_transmitted(bytes);
        }
        self.settle_drain();
    }

    /// The browser refused a queued message of [`Transmit::Message`], and it is lost.
    pub fn handle_refused(&mut self) {
        self.counts.messages_dropped += 1;
        self.events.push_back(Event::Error(ErrorEvent {}));
        self.settle_drain();
    }

    // ---- what the application asks for ----

    /// Sends a message, within the capacity of the queue.
    ///
    /// # Errors
    ///
    /// Gives the message back when the queue is full or the connection is closing.
    pub fn try_send(&mut self, payload: P) -> Result<Outcome, TrySendError<P>> {
        if self.room() == Room::Never {
            return Err(TrySendError::Closed(payload));
        }
        let entry = Entry::new(payload);
        if !self.goes_direct() {
            if entry.cost() > self.options.capacity {
                return Err(TrySendError::TooLarge(entry.payload));
            }
            let cost = self.queue.cost().saturating_add(entry.cost());
            if cost > self.options.capacity || self.queue.len() >= self.options.capacity_messages {
                return Err(TrySendError::Full(entry.payload));
            }
        }
        Ok(self.accept(entry))
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

    /// Hands over what is queued and starts the closing handshake; before the connection is open,
    /// what is queued is dropped. Only the first call counts.
    pub fn close(&mut self, frame: CloseFrame, now: Duration) {
        match self.state {
            State::Connecting => self.drop_queue(),
            State::Open(_) => {}
            State::Closing(..) | State::Closed(_) => return,
        }
        self.closing = Some(frame);
        self.start_closing(now);
    }

    /// Nobody holds the socket any more: hands over what is queued, closes with 1000 and forgets
    /// the rest. No event follows.
    pub fn detach(&mut self) {
        if matches!(self.state, State::Connecting) {
            self.drop_queue();
        }
        if self.ready_state() < ReadyState::Closing {
            self.closing = Some(CloseFrame::default());
        }
        if !matches!(self.state, State::Closed(_)) {
            self.state = State::Closed(CloseEvent::abnormal());
        }
        self.abandoning = true;
        self.inbox = None;
        self.events = VecDeque::new();
    }

    /// Somebody begins to wait until `bufferedAmount` falls: the looks start anew.
    pub fn begin_wait(&mut self, now: Duration) {
        if let Some(link) = self.state.link_mut() {
            link.ladder = Ladder::new(now);
        }
    }

    /// Others may send on the same socket: `bufferedAmount` is read before every send.
    pub fn share(&mut self) {
        self.shared = true;
        if let Some(link) = self.state.link_mut() {
            link.gate.share();
        }
    }

    /// Keeps what arrives from now on. Returns whether nobody else did already.
    pub fn open_inbox(&mut self) -> bool {
        let free = self.inbox.is_none();
        if free {
            self.inbox = Some(Inbox::new(self.options.inbox_capacity));
        }
        free
    }

    /// Throws away what was kept, and keeps nothing any more.
    pub fn close_inbox(&mut self) {
        self.inbox = None;
    }

    /// Keeps a message that was told, if there is an inbox; `None` stands for one that could not be
    /// read.
    ///
    /// # Errors
    ///
    /// [`Overflow`] when it did not fit: the caller calls [`Self::overflow`], once.
    pub fn store(&mut self, payload: Option<P>) -> Result<(), Overflow> {
        let Some(inbox) = &mut self.inbox else {
            return Ok(());
        };
        let first = !inbox.has_overflowed();
        if inbox.store(payload) {
            return Ok(());
        }
        self.counts.messages_overflowed += 1;
        if first { Err(Overflow) } else { Ok(()) }
    }

    /// The inbox is full: ends the connection with 4009.
    pub fn overflow(&mut self, now: Duration) {
        self.close(CloseCode::OVERFLOW.into(), now);
    }

    /// Takes the oldest message that was kept; `Some(None)` stands for one that could not be read.
    pub fn take_message(&mut self) -> Option<Option<P>> {
        self.inbox.as_mut()?.take()
    }

    // ---- what has to be done ----

    /// The next thing to do with the socket.
    pub fn poll_transmit(&mut self) -> Option<Transmit<P>> {
        if self.opening {
            self.opening = false;
            return Some(Transmit::Open(self.generation));
        }
        if let Some(entry) = self.direct.take().or_else(|| self.next_queued()) {
            return Some(Transmit::Message(entry));
        }
        if let Some(frame) = self.closing.take() {
            return Some(Transmit::Close(frame));
        }
        if self.abandoning {
            self.abandoning = false;
            return Some(Transmit::Abandon);
        }
        None
    }

    /// The next thing to tell the application.
    pub fn poll_event(&mut self) -> Option<Event<P>> {
        self.events.pop_front()
    }

    /// When to call [`Self::handle_timeout`] next. It changes with every other call. Events that
    /// nobody has polled for are a reason to wake at once.
    pub fn poll_timeout(&self, waiting: Waiting) -> Option<Timeout> {
        if !self.events.is_empty() {
            return Some(Timeout {
                at: Duration::ZERO,
                wake: Wake::Tick,
            });
        }
        match &self.state {
            State::Connecting | State::Closed(_) => None,
            State::Open(link) => self.is_awaited(link, waiting).then(|| link.ladder.next()),
            State::Closing(link, deadline) => {
                let end = Timeout {
                    at: deadline.at(&self.options, &link.rate),
                    wake: Wake::Timer,
                };
                let look = (link.gate.bound() > 0).then(|| link.ladder.next());
                look.filter(|look| look.at < end.at).or(Some(end))
            }
        }
    }

    // ---- helpers ----

    fn is_live(&self, generation: Generation) -> bool {
        generation == self.generation && matches!(self.state, State::Open(_) | State::Closing(..))
    }

    fn goes_direct(&self) -> bool {
        matches!(self.state, State::Open(_)) && self.room() == Room::Yes
    }

    fn accept(&mut self, entry: Entry<P>) -> Outcome {
        if self.goes_direct() {
            self.direct = Some(entry);
            return Outcome::Sent;
        }
        self.queue.push(entry);
        self.drain_owed = true;
        if let State::Open(link) = &mut self.state {
            link.gate.shut();
        }
        Outcome::Queued
    }

    fn next_queued(&mut self) -> Option<Entry<P>> {
        match &mut self.state {
            State::Connecting => None,
            State::Open(link) if link.gate.has_room() => self.queue.pop(),
            State::Open(link) => {
                if !self.queue.is_empty() {
                    link.gate.shut();
                }
                None
            }
            State::Closing(..) | State::Closed(_) => self.queue.pop(),
        }
    }

    /// Takes a reading, and says whether anything has left since the last one.
    fn take_reading(&mut self, amount: u64, now: Duration) -> bool {
        let Some(link) = self.state.link_mut() else {
            return false;
        };
        let had_room = link.gate.has_room();
        let left = link.gate.handle_buffered(amount);
        link.rate.handle_reading(amount, left, now);
        if had_room != link.gate.has_room() {
            link.ladder = Ladder::new(now);
        } else if left > 0 {
            link.ladder.restart(now);
        }
        if let State::Closing(_, deadline) = &mut self.state {
            deadline.handle_reading(amount, left, now);
        }
        self.settle_drain();
        left > 0
    }

    /// Tells of room, once, when it was missed before.
    fn settle_drain(&mut self) {
        if let State::Open(link) = &mut self.state
            && self.drain_owed
            && self.queue.is_empty()
        {
            if link.gate.has_room() {
                self.drain_owed = false;
                self.events.push_back(Event::Drain(DrainEvent {}));
            } else {
                link.gate.shut();
            }
        }
    }

    fn is_awaited(&self, link: &Link, waiting: Waiting) -> bool {
        let blocked = !link.gate.has_room();
        !self.queue.is_empty()
            || (blocked && waiting.room)
            || (blocked && waiting.drain && self.drain_owed)
            || (waiting.drained && !self.is_drained())
    }

    fn start_closing(&mut self, now: Duration) {
        let mut link = match &self.state {
            State::Open(link) => *link,
            _ => Link::new(&self.options, self.shared, now),
        };
        link.ladder = Ladder::new(now);
        self.events
            .retain(|event| !matches!(event, Event::Drain(_)));
        let deadline = Deadline::new(link.gate.bound(), now);
        self.state = State::Closing(link, deadline);
    }

    fn end(&mut self, event: CloseEvent) {
        if matches!(self.state, State::Closed(_)) {
            return;
        }
        self.drop_queue();
        self.closing = None;
        self.abandoning = true;
        self.state = State::Closed(event.clone());
        self.events.push_back(Event::Close(event));
    }

    fn drop_queue(&mut self) {
        self.counts.messages_dropped += self.queue.clear() as u64;
    }
}

/// A message that arrived did not fit into the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;
