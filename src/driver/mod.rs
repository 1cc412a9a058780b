//! Joins the machine, the browser and the application.
//!
//! The [`Driver`] turns events into machine inputs and machine outputs into calls, and is the same
//! on every target: what is behind [`Transport`] and [`Clock`] may be a browser or a script.
//!
//! Two rules make re-entry harmless. No borrow is held across a call of a transport, a clock, a
//! consumer or a waker. And events are delivered by [`Driver::settle`] only, which runs after an
//! event or an alarm, and of which only the outermost does anything: a handler may call every
//! method, none is entered twice, and none runs inside a call of the application.

mod batch;
mod delivery;
#[cfg(test)]
mod tests;
mod transport;
mod waiters;

pub(crate) use self::batch::{Batches, Gather};
pub(crate) use self::transport::{Alarm, Clock, Consumer, Events, Refusal, Transport, Wants};
pub(crate) use self::waiters::{Wait, Waiter};

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use crate::error::{SendError, TrySendError};
use crate::machine::{
    Entry, Fate, Generation, Hears, Limit, Machine, Outcome, Payload, Sending, Ticket, Timeout,
    Transmit, Waiting,
};
use crate::request::Request;
use crate::{
    CloseEvent, CloseFrame, ConnectError, DropCause, OpenEvent, ReadyState, SendOptions, Stats,
    WokenBy,
};

use self::waiters::Waiters;

/// One socket: the machine and what it drives.
pub(crate) struct Driver<P> {
    machine: RefCell<Machine<P>>,
    request: Request,
    transport: Box<dyn Transport<P>>,
    clock: Box<dyn Clock>,
    consumer: RefCell<Option<Rc<dyn Consumer<P>>>>,
    gather: RefCell<Option<Rc<dyn Gather<P>>>>,
    key_of: RefCell<Option<KeyOf<P>>>,
    waiters: Waiters,
    armed: Cell<Option<Timeout>>,
    /// Somebody has been waiting since the last look.
    watching: Cell<bool>,
    settling: Cell<bool>,
}

/// Says by which key a message that arrives replaces one that was not read yet.
pub(crate) type KeyOf<P> = Rc<dyn Fn(&P) -> Option<String>>;

impl<P: Payload + 'static> Driver<P> {
    pub(crate) fn new(
        machine: Machine<P>,
        request: Request,
        transport: Box<dyn Transport<P>>,
        clock: Box<dyn Clock>,
    ) -> Rc<Self> {
        Rc::new(Self {
            machine: RefCell::new(machine),
            request,
            transport,
            clock,
            consumer: RefCell::new(None),
            gather: RefCell::new(None),
            key_of: RefCell::new(None),
            waiters: Waiters::default(),
            armed: Cell::new(None),
            watching: Cell::new(false),
            settling: Cell::new(false),
        })
    }

    /// Says who hears the events.
    pub(crate) fn set_consumer(&self, consumer: Option<Rc<dyn Consumer<P>>>) {
        drop(self.consumer.replace(consumer));
        self.listen();
    }

    /// Takes over what the consumer listens for now.
    pub(crate) fn listen(&self) {
        let wants = self.wants();
        self.machine().hear(Hears {
            drops: wants.drops,
            tap: wants.tap,
        });
        self.set_alarm();
    }

    /// Sets who gathers messages for batches.
    fn set_gather(&self, gather: Rc<dyn Gather<P>>) {
        drop(self.gather.replace(Some(gather)));
    }

    /// Sets the keys by which messages that arrive replace one another.
    pub(crate) fn set_key_of(&self, key_of: KeyOf<P>) {
        self.machine().conflate();
        drop(self.key_of.replace(Some(key_of)));
    }

    /// Sets a further bound on the gate.
    pub(crate) fn set_limit(&self, limit: Box<dyn Limit>) {
        self.machine().set_limit(limit);
    }

    /// Who hears the events.
    pub(crate) fn consumer(&self) -> Option<Rc<dyn Consumer<P>>> {
        self.consumer.borrow().clone()
    }

    /// Opens the connection, or starts listening to one that exists.
    pub(crate) fn start(self: &Rc<Self>) -> Result<(), ConnectError> {
        let generation = self.machine().generation();
        let command = self.machine().poll_transmit();
        let events: Weak<dyn Events<P>> = Rc::downgrade(self) as _;
        self.clock.start(Rc::downgrade(self) as _);
        let now = self.clock.now();
        self.machine().start(now);
        match command {
            Some(Transmit::Open(_)) => self.transport.open(generation, &self.request, events),
            _ => {
                self.transport.adopt(generation, events);
                Ok(())
            }
        }
    }

    // ---- what the application asks for ----

    pub(crate) fn try_send(&self, payload: P) -> Result<Outcome, TrySendError<P>> {
        self.attempt(|machine| machine.try_send(payload))
    }

    pub(crate) fn try_send_with(
        &self,
        payload: P,
        options: SendOptions,
    ) -> Result<Outcome, TrySendError<P>> {
        let now = self.clock.now();
        self.attempt(|machine| machine.try_send_with(payload, options, now))
    }

    /// Sends a message whatever room there is: the sender was told before that there is some.
    pub(crate) fn send(&self, payload: P) -> Result<(), SendError<P>> {
        let outcome = self.attempt(|machine| machine.send(payload).map_err(TrySendError::Closed));
        outcome.map(drop).map_err(SendError::from)
    }

    /// Sends a message, or queues it.
    pub(crate) fn send_with(
        &self,
        payload: P,
        options: SendOptions,
    ) -> Result<Sending, SendError<P>> {
        let now = self.clock.now();
        let sending = self.attempt(|machine| {
            let sending = machine.send_with(payload, options, now);
            sending.map_err(TrySendError::Closed)
        });
        sending.map_err(SendError::from)
    }

    /// Gives a message to the machine and carries out what follows.
    fn attempt<T>(
        &self,
        accept: impl FnOnce(&mut Machine<P>) -> Result<T, TrySendError<P>>,
    ) -> Result<T, TrySendError<P>> {
        if self.look_if_wanted() {
            // What waits goes first, so that the room that it leaves is there for this message.
            self.transmit();
        }
        let outcome = accept(&mut self.machine());
        let refused = self.transmit();
        self.wake();
        match refused {
            Some((payload, Refusal::Closing)) => Err(TrySendError::Closed(payload)),
            Some((payload, Refusal::Thrown)) => Err(TrySendError::Refused(payload)),
            None => outcome,
        }
    }

    /// Waits for what becomes of a queued message.
    pub(crate) fn poll_fate(
        &self,
        ticket: Ticket,
        waiter: &mut Waiter<P>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), SendError<P>>> {
        ready!(waiter.poll(Wait::Fate(ticket), cx));
        let fate = self.machine().take_fate(ticket);
        match fate {
            Some(Fate::Sent) => Poll::Ready(Ok(())),
            Some(Fate::Dropped(message, cause)) => Poll::Ready(Err(SendError::new(message, cause))),
            None => Poll::Pending,
        }
    }

    /// Takes a message back that was not sent yet.
    pub(crate) fn cancel(&self, ticket: Ticket) {
        self.machine().cancel(ticket);
        self.wake();
    }

    /// Waits for room at the mark. Room that never comes is for [`Self::send`] to tell.
    pub(crate) fn poll_room(&self, waiter: &mut Waiter<P>, cx: &Context<'_>) -> Poll<()> {
        self.look_if_wanted();
        self.carry_out();
        waiter.poll(Wait::Room, cx)
    }

    /// Waits until no message is queued any more, and says how many were ever lost.
    pub(crate) fn poll_flushed(&self, waiter: &mut Waiter<P>, cx: &Context<'_>) -> Poll<u64> {
        ready!(waiter.poll(Wait::Flushed, cx));
        Poll::Ready(self.lost())
    }

    /// How many accepted messages were never handed to the browser, against the application's will.
    pub(crate) fn lost(&self) -> u64 {
        self.machine().lost()
    }

    /// Waits until `bufferedAmount` is 0 and nothing is queued, or the connection has ended.
    pub(crate) fn poll_drained(
        &self,
        waiter: &mut Waiter<P>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), CloseEvent>> {
        if !waiter.is_waiting() {
            let now = self.clock.now();
            self.machine().begin_wait(now);
        }
        self.look();
        self.carry_out();
        ready!(waiter.poll(Wait::Drained, cx));
        Poll::Ready(self.close_event().map_or(Ok(()), Err))
    }

    /// Waits until the connection is open. It may have ended since: what it left is there to read.
    pub(crate) fn poll_open(
        &self,
        waiter: &mut Waiter<P>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), CloseEvent>> {
        ready!(waiter.poll(Wait::Open, cx));
        Poll::Ready(match self.close_event() {
            Some(close) if !self.machine().was_open() => Err(close),
            _ => Ok(()),
        })
    }

    /// Waits for the close event.
    pub(crate) fn poll_closed(&self, waiter: &mut Waiter<P>, cx: &Context<'_>) -> Poll<CloseEvent> {
        ready!(waiter.poll(Wait::Closed, cx));
        Poll::Ready(self.close_event().unwrap_or_else(CloseEvent::abnormal))
    }

    /// Waits for a message that was kept, an overflow or the close event; `None` for the latter.
    pub(crate) fn poll_message(
        &self,
        waiter: &mut Waiter<P>,
        cx: &Context<'_>,
    ) -> Poll<Option<Option<P>>> {
        ready!(waiter.poll(Wait::Message, cx));
        Poll::Ready(self.machine().take_message())
    }

    pub(crate) fn close(&self, frame: CloseFrame) {
        self.look();
        let now = self.clock.now();
        self.machine().close(frame, now);
        self.carry_out();
    }

    /// Nobody holds the socket any more.
    pub(crate) fn detach(&self) {
        self.set_consumer(None);
        let now = self.clock.now();
        self.machine().detach(now);
        self.carry_out();
        self.forget_policies();
    }

    /// Drops what the application gave for what arrives: it may hold a handle.
    fn forget_policies(&self) {
        drop(self.key_of.take());
        drop(self.gather.take());
    }

    /// Others may send on the socket from now on.
    pub(crate) fn share(&self) {
        self.machine().share();
    }

    pub(crate) fn open_inbox(&self) -> bool {
        self.machine().open_inbox()
    }

    pub(crate) fn close_inbox(&self) {
        self.machine().close_inbox();
    }

    // ---- getters ----

    /// Where the connection stands; the browser may know of a close before its event.
    pub(crate) fn ready_state(&self) -> ReadyState {
        let known = self.machine().ready_state();
        match known {
            ReadyState::Open => self
                .transport
                .ready_state()
                .clamp(known, ReadyState::Closing),
            _ => known,
        }
    }

    pub(crate) fn close_event(&self) -> Option<CloseEvent> {
        self.machine().close_event().cloned()
    }

    pub(crate) fn has_overflowed(&self) -> bool {
        let machine = self.machine();
        machine.inbox().is_some_and(|inbox| inbox.has_overflowed())
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        self.transport.buffered_amount()
    }

    pub(crate) fn stats(&self) -> Stats {
        let buffered_amount = self.transport.buffered_amount();
        let now = self.clock.now();
        let mut stats = self.machine().stats(buffered_amount, now);
        stats.stalled &= self.watching.get();
        stats.ready_state = self.ready_state();
        stats
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn transport(&self) -> &dyn Transport<P> {
        &*self.transport
    }

    /// The machine, for one statement: nothing else is called meanwhile.
    fn machine(&self) -> RefMut<'_, Machine<P>> {
        self.machine.borrow_mut()
    }

    // ---- the drain ----

    /// Carries out and tells what the machine has decided, after an event. Only here are handlers
    /// called.
    fn advance(&self) {
        self.transmit();
        self.settle();
    }

    /// Carries out what the machine has decided, after a call of the application. The application
    /// may hold borrows of its own, so what there is to tell waits for the alarm.
    fn carry_out(&self) {
        self.transmit();
        self.wake();
    }

    /// Carries out what the machine wants of the browser. Returns the message that went straight
    /// to the browser and was refused; a refused message from the queue is counted and dropped.
    fn transmit(&self) -> Option<(P, Refusal)> {
        let mut last = None;
        loop {
            let direct = self.machine().is_flushed();
            let command = self.machine().poll_transmit();
            match command {
                None => return last,
                Some(Transmit::Open(_)) => {}
                Some(Transmit::Message(entry)) => match self.transport.transmit(&entry.payload) {
                    Ok(()) => self.machine().handle_transmitted(&entry),
                    Err(refusal) if direct => {
                        last = Some((entry.payload, refusal));
                        self.handle_refusal(refusal);
                    }
                    Err(refusal) => {
                        self.handle_loss(entry, refusal);
                        self.handle_refusal(refusal);
                    }
                },
                Some(Transmit::Close(frame)) => self.transport.close(&frame),
                Some(Transmit::Abandon) => {
                    self.clock.arm(None);
                    self.armed.set(None);
                    self.transport.abandon();
                }
            }
        }
    }

    /// A message from the queue was refused: nobody is there to take it back.
    fn handle_loss(&self, entry: Entry<P>, refusal: Refusal) {
        let cause = match refusal {
            Refusal::Closing => DropCause::Closed,
            Refusal::Thrown => DropCause::Refused,
        };
        self.machine().handle_refused(entry, cause);
    }

    fn handle_refusal(&self, refusal: Refusal) {
        if refusal == Refusal::Closing {
            self.handle_closing();
        }
    }

    /// Tells what there is to tell, wakes who need not wait any more, and sets the alarm.
    fn settle(&self) {
        if self.settling.replace(true) {
            return;
        }
        loop {
            let event = self.machine().poll_event();
            match event {
                Some(event) => self.deliver(event),
                None => break,
            }
        }
        self.settling.set(false);
        self.wake();
    }

    /// Wakes who need not wait any more, and sets the alarm. While events are told, that is left to
    /// whoever tells them.
    fn wake(&self) {
        if !self.settling.get() {
            self.waiters.wake(&self.machine);
            self.set_alarm();
        }
    }

    /// Asks the clock for the wake that the machine wants now.
    pub(crate) fn set_alarm(&self) {
        let waiting = self.waiting();
        let timeout = self.machine().poll_timeout(waiting);
        if !self.watching.replace(timeout.is_some()) && timeout.is_some() {
            let now = self.clock.now();
            self.machine().begin_watch(now);
        }
        if self.armed.replace(timeout) != timeout {
            self.clock.arm(timeout);
        }
    }

    fn waiting(&self) -> Waiting {
        Waiting {
            room: self.waiters.any(Wait::Room),
            drain: self.wants().drain,
            drained: self.waiters.any(Wait::Drained),
        }
    }

    fn wants(&self) -> Wants {
        let consumer = self.consumer();
        consumer.map_or_else(Wants::default, |consumer| consumer.wants())
    }

    // ---- looking at the browser ----

    /// Says whether it was.
    fn look_if_wanted(&self) -> bool {
        let wanted = self.machine().wants_reading();
        if wanted {
            self.look();
        }
        wanted
    }

    /// Somebody waits and the browser has just run anyway: a look costs nothing.
    fn look_if_awaited(&self) {
        if self.armed.get().is_some() {
            self.look();
        }
    }

    /// Reads `bufferedAmount`, and notices a close that was not told yet.
    fn look(&self) {
        let amount = self.transport.buffered_amount();
        let now = self.clock.now();
        self.machine().handle_buffered(amount, now);
        self.notice_closing();
    }

    fn notice_closing(&self) {
        match self.transport.ready_state() {
            ReadyState::Closed => drop(self.handle_lost()),
            ReadyState::Closing => self.handle_closing(),
            ReadyState::Connecting | ReadyState::Open => {}
        }
    }

    /// The browser is in CLOSED. Returns whether this is news: then its close event may stand in the
    /// queue behind whatever runs now.
    fn handle_lost(&self) -> bool {
        let now = self.clock.now();
        let mut machine = self.machine();
        let generation = machine.generation();
        machine.handle_lost(generation, now)
    }

    fn handle_closing(&self) {
        let now = self.clock.now();
        let mut machine = self.machine();
        let generation = machine.generation();
        machine.handle_closing(generation, now);
    }
}

impl<P: Payload + 'static> Events<P> for Driver<P> {
    fn handle_open(&self, generation: Generation, event: OpenEvent) {
        let now = self.clock.now();
        if self.request.accepts(&event.protocol) {
            self.machine().handle_open(generation, event, now);
        } else {
            self.machine().handle_wrong_protocol(generation, now);
        }
        self.advance();
    }

    fn handle_message(&self, generation: Generation, message: P) {
        self.machine().handle_message(generation, message);
        self.look_if_awaited();
        self.advance();
    }

    fn handle_unreadable(&self, generation: Generation) {
        self.machine().handle_unreadable(generation);
        self.advance();
    }

    fn handle_error(&self, generation: Generation) {
        let now = self.clock.now();
        self.machine().handle_error(generation, now);
        self.look();
        self.advance();
    }

    fn handle_close(&self, generation: Generation, event: CloseEvent) {
        let now = self.clock.now();
        self.machine().handle_close(generation, event, now);
        self.advance();
    }
}

impl<P: Payload + 'static> Alarm for Driver<P> {
    fn handle_alarm(&self, by: WokenBy) {
        self.armed.set(None);
        if self.transport.ready_state() == ReadyState::Closed && self.handle_lost() {
            return self.advance();
        }
        let amount = self.transport.buffered_amount();
        let now = self.clock.now();
        self.machine().handle_timeout(amount, now, by);
        self.notice_closing();
        self.advance();
    }
}

impl<P> fmt::Debug for Driver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
