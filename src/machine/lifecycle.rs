//! The life of a socket: from CONNECTING to CLOSED, and what is sent and heard on the way.

use std::collections::VecDeque;

use core::time::Duration;

use crate::{
    CloseCode, CloseEvent, CloseFrame, EndCause, ErrorEvent, OpenEvent, Options, ReadyState,
    TapEvent, WokenBy,
};

use super::closing::Deadline;
use super::state::{Counts, Link, State};
use super::tags::earlier;
use super::{
    Entry, Event, Fate, Generation, Hears, Inbox, Ladder, Limit, Payload, Queue, Ticket, Timeout,
    Transmit, Waiting, Wake,
};

/// What became of a message that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was handed to the browser. That is not *delivered*: nothing in the platform says so.
    Sent,
    /// It waits in the queue, because the connection is not open yet or the gate is shut.
    Queued,
    /// It was dropped, because the queue is full and the policy is
    /// [`Overflow::DropNewest`](crate::Overflow::DropNewest).
    Dropped,
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
    /// Since when.
    pub(super) since: Duration,
    /// The latest time that was told.
    pub(super) now: Duration,
    /// Waiting messages. In CLOSING and CLOSED: what is still to be handed over, now.
    pub(super) queue: Queue<P>,
    /// The message that goes straight to the browser.
    pub(super) direct: Option<Entry<P>>,
    /// What became of messages whose senders wait.
    pub(super) fates: Vec<(Ticket, Fate<P>)>,
    pub(super) next_ticket: u32,
    pub(super) limit: Option<Box<dyn Limit>>,
    /// What is to be done with the socket, apart from messages.
    pub(super) opening: bool,
    pub(super) closing: Option<CloseFrame>,
    pub(super) abandoning: bool,
    pub(super) events: VecDeque<Event<P>>,
    pub(super) inbox: Option<Inbox<P>>,
    /// An inbox may be asked to keep the newest of each key only.
    pub(super) new_inbox: fn(&Options) -> Inbox<P>,
    /// A message was queued, and no [`Event::Drain`] came since.
    pub(super) drain_owed: bool,
    pub(super) shared: bool,
    /// The connection has been open, wherever it stands now.
    pub(super) opened: bool,
    /// When an error came after which nobody has looked at the browser's state.
    pub(super) doubt: Option<Duration>,
    /// The code of our Close frame, once it was handed over.
    pub(super) close_sent: Option<CloseCode>,
    /// Nobody is there to hear anything any more.
    pub(super) detached: bool,
    /// The peer has read all that was handed over.
    pub(super) confirmed: bool,
    pub(super) hears: Hears,
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
            since: Duration::ZERO,
            now: Duration::ZERO,
            queue: Queue::new(),
            direct: None,
            fates: Vec::new(),
            next_ticket: 0,
            limit: None,
            opening: true,
            closing: None,
            abandoning: false,
            events: VecDeque::new(),
            inbox: None,
            new_inbox: Inbox::new,
            drain_owed: false,
            shared: false,
            opened: false,
            doubt: None,
            close_sent: None,
            detached: false,
            confirmed: false,
            hears: Hears::default(),
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

    /// The connection starts at this time.
    pub fn start(&mut self, now: Duration) {
        self.since = now;
        self.now = now;
    }

    /// The browser's `open`.
    pub fn handle_open(&mut self, generation: Generation, event: OpenEvent, now: Duration) {
        if generation == self.generation && matches!(self.state, State::Connecting) {
            self.advance_to(now);
            self.opened = true;
            self.enter(State::Open(Link::new(&self.options, self.shared, now)));
            self.tap(TapEvent::Opened);
            self.tell(Event::Open(event));
        }
    }

    /// The browser opened the connection under a subprotocol that was not asked for, or under none
    /// although some were: it has failed.
    pub fn handle_wrong_protocol(&mut self, generation: Generation, now: Duration) {
        if generation == self.generation && matches!(self.state, State::Connecting) {
            self.now = now;
            self.tell(Event::Error(ErrorEvent {}));
            self.end(CloseEvent::abnormal(), EndCause::Subprotocol);
        }
    }

    /// The browser's `error`. It is told, and is a reason to look at the browser's state a turn
    /// later: only a close ends a connection, but sometimes none is told.
    pub fn handle_error(&mut self, generation: Generation, now: Duration) {
        if generation == self.generation && !matches!(self.state, State::Closed(_)) {
            self.now = now;
            self.doubt = Some(now);
            self.tell(Event::Error(ErrorEvent {}));
        }
    }

    /// The browser says CLOSING, without a close event so far: the peer has begun.
    pub fn handle_closing(&mut self, generation: Generation, now: Duration) {
        if generation == self.generation && self.ready_state() < ReadyState::Closing {
            self.now = now;
            self.drop_queue();
            self.start_closing();
        }
    }

    /// The browser says CLOSED, without a close event so far. One must come within a turn of the
    /// event loop; where none does, it is made up. Returns whether this is news.
    pub fn handle_lost(&mut self, generation: Generation, now: Duration) -> bool {
        self.handle_closing(generation, now);
        match &mut self.state {
            State::Closing(_, deadline) if generation == self.generation => {
                self.doubt = None;
                deadline.lose(now)
            }
            _ => false,
        }
    }

    /// The browser's `close`.
    pub fn handle_close(&mut self, generation: Generation, event: CloseEvent, now: Duration) {
        if generation == self.generation {
            self.now = now;
            self.end(event, EndCause::CloseEvent);
        }
    }

    /// `bufferedAmount` was read.
    pub fn handle_buffered(&mut self, amount: u64, now: Duration) {
        self.take_reading(amount, now);
    }

    /// The time of [`Self::poll_timeout`] has come, and `bufferedAmount` was read.
    pub fn handle_timeout(&mut self, amount: u64, now: Duration, by: WokenBy) {
        self.counts.polls += 1;
        self.doubt = None;
        self.tap(TapEvent::Woken(by));
        let fell = self.take_reading(amount, now);
        self.look_for_stall(amount);
        if let Some(link) = self.state.link_mut()
            && !fell
            && link.ladder.next().at <= now
        {
            link.ladder.advance(now);
        }
        if let State::Closing(link, deadline) = &self.state
            && now >= deadline.at(&self.options, &link.rate)
        {
            let cause = deadline.cause();
            self.end(CloseEvent::abnormal(), cause);
        }
    }

    // ---- what the application asks for ----

    /// Hands over what is queued and starts the closing handshake; before the connection is open,
    /// what is queued is dropped. Only the first call counts.
    pub fn close(&mut self, frame: CloseFrame, now: Duration) {
        self.advance_to(now);
        match self.state {
            State::Connecting => self.drop_queue(),
            State::Open(_) => {}
            State::Closing(..) | State::Closed(_) => return,
        }
        self.closing = Some(frame);
        self.start_closing();
    }

    /// Nobody holds the socket any more: hands over what is queued, closes with 1000 and forgets
    /// the rest. No event follows.
    pub fn detach(&mut self, now: Duration) {
        self.advance_to(now);
        if matches!(self.state, State::Connecting) {
            self.drop_queue();
        }
        if self.ready_state() < ReadyState::Closing {
            self.closing = Some(CloseFrame::default());
        }
        if !matches!(self.state, State::Closed(_)) {
            self.enter(State::Closed(CloseEvent::abnormal()));
        }
        self.abandoning = true;
        self.detached = true;
        self.doubt = None;
        self.inbox = None;
        self.events = VecDeque::new();
    }

    /// Somebody begins to wait until `bufferedAmount` falls: the looks start anew.
    pub fn begin_wait(&mut self, now: Duration) {
        if let Some(link) = self.state.link_mut() {
            link.ladder = Ladder::new(now);
        }
    }

    /// After a time in which nobody waited, somebody does.
    pub fn begin_watch(&mut self, now: Duration) {
        if let Some(link) = self.state.link_mut() {
            link.stall.restart(now);
        }
    }

    /// Others may send on the same socket: `bufferedAmount` is read before every send.
    pub fn share(&mut self) {
        self.shared = true;
        if let Some(link) = self.state.link_mut() {
            link.gate.share();
        }
    }

    /// Says which events somebody listens for, of those that are not told unless somebody does.
    pub fn hear(&mut self, hears: Hears) {
        self.hears = hears;
    }

    /// Tells the application something, in its place among what happened.
    pub fn tell(&mut self, event: Event<P>) {
        if !self.detached {
            self.events.push_back(event);
        }
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
            self.close_sent = Some(frame.code);
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
                idle: Duration::ZERO,
            });
        }
        let next = match &self.state {
            State::Connecting | State::Closed(_) => None,
            State::Open(link) => self.next_look(link, waiting),
            State::Closing(link, deadline) => {
                let end = Timeout::timer(deadline.at(&self.options, &link.rate));
                let looks = link.gate.bound() > 0 && !deadline.is_lost();
                let look = looks.then(|| link.ladder.next());
                look.filter(|look| look.at < end.at).or(Some(end))
            }
        };
        let next = earlier(next, self.doubt.map(Timeout::timer));
        earlier(next, self.queue.next_expiry().map(Timeout::timer))
    }

    // ---- helpers ----

    pub(super) fn is_live(&self, generation: Generation) -> bool {
        generation == self.generation && matches!(self.state, State::Open(_) | State::Closing(..))
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.since = self.now;
    }

    pub(super) fn tap(&mut self, event: TapEvent) {
        if self.hears.tap {
            self.tell(Event::Tap(event));
        }
    }

    /// Takes a reading, and says whether anything has left since the last one.
    fn take_reading(&mut self, amount: u64, now: Duration) -> bool {
        self.advance_to(now);
        let Some(link) = self.state.link_mut() else {
            return false;
        };
        let (had_room, was_shut) = (link.gate.has_room(), link.gate.is_shut());
        let left = link.gate.handle_buffered(amount);
        link.rate.handle_reading(amount, left, now);
        if left > 0 || amount == 0 {
            link.stall.restart(now);
        }
        if had_room != link.gate.has_room() {
            link.ladder = Ladder::new(now);
        } else if left > 0 {
            let rest = match amount.checked_sub(self.options.low_water_mark as u64) {
                Some(rest) if rest > 0 => rest,
                _ => amount,
            };
            link.ladder.restart(left, rest, now);
        }
        let shut = link.gate.is_shut();
        if let State::Closing(_, deadline) = &mut self.state {
            deadline.handle_reading(amount, left, now);
        }
        match (was_shut, shut) {
            (false, true) => self.tap(TapEvent::GateShut {
                buffered_amount: amount,
            }),
            (true, false) => self.tap(TapEvent::GateOpened {
                buffered_amount: amount,
            }),
            _ => {}
        }
        self.settle_drain();
        left > 0
    }

    fn look_for_stall(&mut self, amount: u64) {
        let (received, now) = (self.counts.messages_received, self.now);
        let timeout = self.options.stall_timeout;
        if let Some(link) = self.state.link_mut()
            && let Some(duration) = link.stall.handle_look(received, now, timeout)
        {
            self.tap(TapEvent::Stalled {
                buffered_amount: amount,
                duration,
            });
        }
    }

    /// When to look at an open connection: for `bufferedAmount`, or for the rate limit.
    fn next_look(&self, link: &Link, waiting: Waiting) -> Option<Timeout> {
        let room = waiting.room || !self.queue.is_empty() || (waiting.drain && self.drain_owed);
        let shut = !link.gate.has_room();
        let awaited = (shut && room) || (waiting.drained && link.gate.bound() > 0);
        let limit = self.limit.as_ref().filter(|_| room && !shut);
        earlier(
            awaited.then(|| link.ladder.next()),
            limit.map(|limit| Timeout::timer(limit.ready_at())),
        )
    }

    fn start_closing(&mut self) {
        let now = self.now;
        let mut link = match &self.state {
            State::Open(link) => *link,
            _ => Link::new(&self.options, self.shared, now),
        };
        link.ladder = Ladder::new(now);
        self.events
            .retain(|event| !matches!(event, Event::Drain(_)));
        let deadline = Deadline::new(link.gate.bound(), now);
        self.enter(State::Closing(link, deadline));
    }

    fn end(&mut self, event: CloseEvent, cause: EndCause) {
        if matches!(self.state, State::Closed(_)) {
            return;
        }
        self.drop_queue();
        // Only the answer to our Close frame, which repeats its code, says that the peer has read
        // what came before it.
        let answer = self.close_sent.map(CloseCode::get);
        self.confirmed = cause == EndCause::CloseEvent && answer == Some(event.code);
        self.closing = None;
        self.doubt = None;
        self.abandoning = true;
        self.enter(State::Closed(event.clone()));
        self.tap(TapEvent::Ended {
            cause,
            code: event.code,
        });
        self.tell(Event::Close(event));
    }
}
