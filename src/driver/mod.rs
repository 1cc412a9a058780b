//! Joins the machine, the browser and the application.
//!
//! The [`Driver`] turns events into machine inputs and machine outputs into calls, and is the same
//! on every target: what is behind [`Transport`] and [`Clock`] may be a browser or a script.
//!
//! Two rules make re-entry harmless. No borrow is held across a call of a transport, a clock, a
//! consumer or a waker. And events are delivered by [`Driver::settle`] only, which runs after an
//! event or an alarm, and of which only the outermost does anything: a handler may call every
//! method, none is entered twice, and none runs inside a call of the application.

#[cfg(test)]
mod tests;
mod transport;
mod waiters;

pub(crate) use self::transport::{Alarm, Clock, Consumer, Events, Refusal, Transport};
pub(crate) use self::waiters::{Wait, Waiter};

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use crate::error::{SendError, TrySendError};
use crate::machine::{Event, Generation, Machine, Outcome, Payload, Timeout, Transmit, Waiting};
use crate::request::Request;
use crate::{CloseEvent, CloseFrame, ConnectError, ErrorEvent, OpenEvent, ReadyState, Stats};

use self::waiters::Waiters;

/// One socket: the machine and what it drives.
pub(crate) struct Driver<P> {
    machine: RefCell<Machine<P>>,
    request: Request,
    transport: Box<dyn Transport<P>>,
    clock: Box<dyn Clock>,
    consumer: RefCell<Option<Rc<dyn Consumer<P>>>>,
    waiters: Waiters,
    armed: Cell<Option<Timeout>>,
    settling: Cell<bool>,
    /// The turn of [`Self::is_close_under_way`] was given.
    granted: Cell<bool>,
}

impl<P: Payload + Clone + 'static> Driver<P> {
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
            waiters: Waiters::default(),
            armed: Cell::new(None),
            settling: Cell::new(false),
            granted: Cell::new(false),
        })
    }

    /// Says who hears the events.
    pub(crate) fn set_consumer(&self, consumer: Option<Rc<dyn Consumer<P>>>) {
        drop(self.consumer.replace(consumer));
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
        self.look_if_wanted();
        let outcome = self.machine().try_send(payload);
        let refused = self.transmit();
        self.wake();
        match refused {
            Some((payload, Refusal::Closing)) => Err(TrySendError::Closed(payload)),
            Some((payload, Refusal::Thrown)) => Err(TrySendError::Refused(payload)),
            None => outcome,
        }
    }

    /// Sends a message whatever room there is: the sender was told before that there is some.
    pub(crate) fn send(&self, payload: P) -> Result<(), SendError<P>> {
        self.look_if_wanted();
        let outcome = self.machine().send(payload);
        let refused = self.transmit();
        self.wake();
        match refused {
            Some((payload, Refusal::Closing)) => Err(SendError::Closed(payload)),
            Some((payload, Refusal::Thrown)) => Err(SendError::Refused(payload)),
            None => outcome.map(drop).map_err(SendError::Closed),
        }
    }

    /// Waits for room at the mark. Room that never comes is for [`Self::send`] to tell.
    pub(crate) fn poll_room(&self, waiter: &mut Waiter<P>, cx: &Context<'_>) -> Poll<()> {
        self.look_if_wanted();
        self.carry_out();
        waiter.poll(Wait::Room, cx)
    }

    /// Waits until no message is queued any more, and says how many were ever dropped.
    pub(crate) fn poll_flushed(&self, waiter: &mut Waiter<P>, cx: &Context<'_>) -> Poll<u64> {
        ready!(waiter.poll(Wait::Flushed, cx));
        Poll::Ready(self.dropped())
    }

    /// How many accepted messages were never handed to the browser.
    pub(crate) fn dropped(&self) -> u64 {
        self.machine().dropped()
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
        self.machine().detach();
        self.carry_out();
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
        let mut stats = self.machine().stats(buffered_amount);
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
                    Ok(()) => self.machine().handle_transmitted(entry.bytes),
                    Err(refusal) => {
                        self.handle_refusal(refusal, direct);
                        if direct {
                            last = Some((entry.payload, refusal));
                        }
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

    fn handle_refusal(&self, refusal: Refusal, direct: bool) {
        if !direct {
            self.machine().handle_refused();
        }
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

    fn deliver(&self, event: Event<P>) {
        let kept = self.machine().inbox().is_some();
        let consumer = self.consumer();
        match (event, consumer) {
            (Event::Unreadable, consumer) => {
                if let Some(consumer) = consumer {
                    consumer.deliver(Event::Error(ErrorEvent {}));
                }
                self.store(None);
            }
            (Event::Message(message), Some(consumer)) if consumer.wants_messages() => {
                let copy = kept.then(|| message.clone());
                consumer.deliver(Event::Message(message));
                if copy.is_some() {
                    self.store(copy);
                }
            }
            (Event::Message(message), _) => self.store(Some(message)),
            (event, Some(consumer)) => consumer.deliver(event),
            (_, None) => {}
        }
    }

    fn store(&self, message: Option<P>) {
        let stored = self.machine().store(message);
        if stored.is_err() {
            let now = self.clock.now();
            self.machine().overflow(now);
            self.transmit();
        }
    }

    /// Asks the clock for the wake that the machine wants now.
    pub(crate) fn set_alarm(&self) {
        let waiting = self.waiting();
        let timeout = self.machine().poll_timeout(waiting);
        if self.armed.replace(timeout) != timeout {
            self.clock.arm(timeout);
        }
    }

    fn waiting(&self) -> Waiting {
        Waiting {
            room: self.waiters.any(Wait::Room),
            drain: self
                .consumer()
                .is_some_and(|consumer| consumer.wants_drain()),
            drained: self.waiters.any(Wait::Drained),
        }
    }

    // ---- looking at the browser ----

    fn look_if_wanted(&self) {
        let wanted = self.machine().wants_reading();
        if wanted {
            self.look();
        }
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
        if self.transport.ready_state() >= ReadyState::Closing {
            self.handle_closing();
        }
    }

    /// Whether the browser is in CLOSED and its close event may stand in the queue behind a timer
    /// that came late. It is given one turn and no more, because sometimes there is none (measured:
    /// WebKitGTK after a blocked port).
    fn is_close_under_way(&self) -> bool {
        self.transport.ready_state() == ReadyState::Closed && !self.granted.replace(true)
    }

    fn handle_closing(&self) {
        let now = self.clock.now();
        let mut machine = self.machine();
        let generation = machine.generation();
        machine.handle_closing(generation, now);
    }
}

impl<P: Payload + Clone + 'static> Events<P> for Driver<P> {
    fn handle_open(&self, generation: Generation, event: OpenEvent) {
        let now = self.clock.now();
        self.machine().handle_open(generation, event, now);
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
        self.machine().handle_error(generation);
        self.look();
        self.advance();
    }

    fn handle_close(&self, generation: Generation, event: CloseEvent) {
        self.machine().handle_close(generation, event);
        self.advance();
    }
}

impl<P: Payload + Clone + 'static> Alarm for Driver<P> {
    fn handle_alarm(&self) {
        self.armed.set(None);
        if self.is_close_under_way() {
            return self.wake();
        }
        let amount = self.transport.buffered_amount();
        let now = self.clock.now();
        self.machine().handle_timeout(amount, now);
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
