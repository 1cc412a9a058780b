//! The driver, the handlers and the stream over a scripted transport, natively.

mod corners;
mod losses;
mod policies;
mod wakes;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::sink::Sink;
use futures::stream::{FusedStream, Stream};
use futures::task::{ArcWake, noop_waker, waker};
use futures::{FutureExt, SinkExt, StreamExt};

use crate::machine::{Generation, Machine, Outcome, Timeout};
use crate::request::Request;
use crate::{
    CloseEvent, CloseFrame, ConnectError, Message, OpenEvent, Options, ReadyState, SendError,
    StreamError, TrySendError, WebSocket, WebSocketStream, WokenBy,
};

use super::{Alarm, Clock, Driver, Events, Refusal, Transport};

const GENERATION: Generation = Generation(1);
const OPTIONS: Options = Options::new().high_water_mark(100).low_water_mark(25);

/// What is done while a message is handed over.
type Reaction = Box<dyn Fn(&Message)>;

/// A peer and a clock that do what the test says.
struct Script {
    log: RefCell<Vec<String>>,
    buffered: Cell<u64>,
    state: Cell<ReadyState>,
    refusal: Cell<Option<Refusal>>,
    reaction: RefCell<Option<Reaction>>,
    events: RefCell<Option<Weak<dyn Events<Message>>>>,
    alarm: RefCell<Option<Weak<dyn Alarm>>>,
    now: Cell<Duration>,
    armed: Cell<Option<Timeout>>,
}

/// The script as the driver holds it.
struct Shared(Rc<Script>);

impl Script {
    /// A socket over a new script, in CONNECTING.
    fn connect() -> (Rc<Self>, WebSocket) {
        Self::connect_as(Request::default())
    }

    fn connect_as(request: Request) -> (Rc<Self>, WebSocket) {
        Self::connect_with(request, OPTIONS)
    }

    fn connect_with(request: Request, options: Options) -> (Rc<Self>, WebSocket) {
        let script = Rc::new(Self {
            log: RefCell::default(),
            buffered: Cell::new(0),
            state: Cell::new(ReadyState::Connecting),
            refusal: Cell::new(None),
            reaction: RefCell::new(None),
            events: RefCell::new(None),
            alarm: RefCell::new(None),
            now: Cell::new(Duration::ZERO),
            armed: Cell::new(None),
        });
        let driver = Driver::new(
            Machine::new(options),
            request,
            Box::new(Shared(script.clone())),
            Box::new(Shared(script.clone())),
        );
        let socket = WebSocket::new(driver);
        socket.driver().start().unwrap();
        (script, socket)
    }

    fn open() -> (Rc<Self>, WebSocket) {
        let (script, socket) = Self::connect();
        script.accept();
        (script, socket)
    }

    fn open_stream() -> (Rc<Self>, WebSocketStream) {
        let (script, socket) = Self::open();
        (script, socket.into_stream().unwrap())
    }

    fn events(&self) -> Option<Rc<dyn Events<Message>>> {
        self.events.borrow().as_ref()?.upgrade()
    }

    fn accept(&self) {
        self.accept_as("");
    }

    fn accept_as(&self, protocol: &str) {
        self.state.set(ReadyState::Open);
        self.events()
            .unwrap()
            .handle_open(GENERATION, OpenEvent::new(protocol, ""));
    }

    fn deliver(&self, message: &str) {
        self.events()
            .unwrap()
            .handle_message(GENERATION, message.into());
    }

    fn end(&self, code: u16) {
        self.state.set(ReadyState::Closed);
        let event = CloseEvent::new(code, "", code == 1000);
        self.events().unwrap().handle_close(GENERATION, event);
    }

    /// The buffer falls and the alarm that waits for it rings.
    fn fall_to(&self, bytes: u64) {
        self.buffered.set(bytes);
        let timeout = self.armed.take().expect("somebody waits");
        self.now.set(self.now.get().max(timeout.at));
        self.alarm
            .borrow()
            .as_ref()
            .unwrap()
            .upgrade()
            .unwrap()
            .handle_alarm(WokenBy::Timer);
    }

    fn take_log(&self) -> Vec<String> {
        self.log.take()
    }
}

impl Transport<Message> for Shared {
    fn open(
        &self,
        _: Generation,
        _: &Request,
        events: Weak<dyn Events<Message>>,
    ) -> Result<(), ConnectError> {
        self.0.events.replace(Some(events));
        Ok(())
    }

    fn adopt(&self, _: Generation, _: Weak<dyn Events<Message>>) {}

    fn transmit(&self, payload: &Message) -> Result<(), Refusal> {
        if let Some(refusal) = self.0.refusal.get() {
            return Err(refusal);
        }
        let text = payload.as_text().unwrap_or("binary");
        self.0.log.borrow_mut().push(format!("send {text}"));
        let bytes = self.0.buffered.get() + payload.byte_len() as u64;
        self.0.buffered.set(bytes);
        let reaction = self.0.reaction.borrow_mut().take();
        if let Some(reaction) = reaction {
            reaction(payload);
        }
        Ok(())
    }

    fn close(&self, frame: &CloseFrame) {
        self.0.state.set(ReadyState::Closing);
        self.0
            .log
            .borrow_mut()
            .push(format!("close {}", frame.code));
    }

    fn abandon(&self) {
        self.0.log.borrow_mut().push("abandon".into());
    }

    fn buffered_amount(&self) -> u64 {
        self.0.buffered.get()
    }

    fn ready_state(&self) -> ReadyState {
        self.0.state.get()
    }
}

impl Clock for Shared {
    fn start(&self, alarm: Weak<dyn Alarm>) {
        self.0.alarm.replace(Some(alarm));
    }

    fn now(&self) -> Duration {
        self.0.now.get()
    }

    fn arm(&self, timeout: Option<Timeout>) {
        self.0.armed.set(timeout);
    }
}

fn text(bytes: usize) -> Message {
    "x".repeat(bytes).into()
}

fn poll<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(&noop_waker()))
}

// ---- re-entry ----

/// A replaced `WebSocket` may answer inside `send()`, before it returns.
#[test]
fn a_transport_may_call_back_while_it_sends() {
    let (script, socket) = Script::open();
    let heard = Rc::new(RefCell::new(Vec::new()));
    socket.set_onmessage({
        let heard = heard.clone();
        move |socket, message| {
            heard.borrow_mut().push(message.into_text().unwrap());
            if heard.borrow().len() == 1 {
                socket.try_send("from the handler").unwrap();
            }
        }
    });
    let events = script.events().unwrap();
    script.reaction.replace(Some(Box::new(move |_| {
        events.handle_message(GENERATION, "at once".into());
    })));
    assert_eq!(socket.try_send("first"), Ok(Outcome::Sent));
    assert_eq!(script.take_log(), ["send first", "send from the handler"]);
    assert_eq!(*heard.borrow(), ["at once"]);
}

/// A user's `FnMut` is never entered while it runs: what comes meanwhile is told afterwards.
#[test]
fn a_handler_is_never_entered_twice() {
    let (script, socket) = Script::open();
    let log = Rc::new(RefCell::new(Vec::new()));
    socket.set_onmessage({
        let (log, script) = (log.clone(), script.clone());
        move |socket, message| {
            let name = message.into_text().unwrap();
            log.borrow_mut().push(format!("enter {name}"));
            if name == "outer" {
                let events = script.events().unwrap();
                script.reaction.replace(Some(Box::new(move |_| {
                    events.handle_message(GENERATION, "inner".into());
                })));
                socket.try_send("question").unwrap();
            }
            log.borrow_mut().push(format!("leave {name}"));
        }
    });
    script.deliver("outer");
    assert_eq!(
        *log.borrow(),
        ["enter outer", "leave outer", "enter inner", "leave inner"]
    );
}

/// Dropping a waker may drop a task, and with it a future that waits for the same socket.
#[test]
fn a_waker_may_drop_another_waiter() {
    struct Task(#[allow(dead_code, reason = "it is there to be dropped")] crate::future::Send);
    thread_local! {
        static TASK: RefCell<Option<Task>> = const { RefCell::new(None) };
    }
    struct Waker;
    impl Drop for Waker {
        fn drop(&mut self) {
            TASK.take();
        }
    }
    impl ArcWake for Waker {
        fn wake_by_ref(_: &Arc<Self>) {}
    }
    let (_script, socket) = Script::open();
    socket.try_send(text(100)).unwrap();
    let mut other = socket.send("other");
    assert!((&mut other).now_or_never().is_none());
    TASK.set(Some(Task(other)));
    let mut waiting = socket.send("waiting");
    let first = waker(Arc::new(Waker));
    assert!(
        waiting
            .poll_unpin(&mut Context::from_waker(&first))
            .is_pending()
    );
    drop(first);
    // The second poll replaces the waker, whose drop takes the other task along.
    assert!((&mut waiting).now_or_never().is_none());
    assert!(TASK.take().is_none());
    drop(waiting);
    assert!(socket.driver().waiters.is_empty());
}

// ---- refusals ----

#[test]
fn a_refused_message_comes_back() {
    let (script, socket) = Script::open();
    script.refusal.set(Some(Refusal::Thrown));
    assert_eq!(socket.try_send("a"), Err(TrySendError::Refused("a".into())));
    let sent = socket.send("b").now_or_never().unwrap();
    assert_eq!(sent, Err(SendError::Refused("b".into())));
    assert_eq!(socket.ready_state(), ReadyState::Open);
    script.refusal.set(Some(Refusal::Closing));
    assert_eq!(socket.try_send("c"), Err(TrySendError::Closed("c".into())));
    assert_eq!(
        socket.ready_state(),
        ReadyState::Closing,
        "the peer has begun to close"
    );
    assert_eq!(socket.stats().messages_sent, 0);
}

#[test]
fn a_close_that_is_never_told_is_told_by_us() {
    // WebKitGTK fires `error` in state CLOSED and no `close`, e.g. for a blocked port.
    let (script, socket) = Script::connect();
    let told = Rc::new(RefCell::new(Vec::new()));
    socket.set_onclose({
        let told = told.clone();
        move |_, close| told.borrow_mut().push(close.code)
    });
    script.state.set(ReadyState::Closed);
    script.events().unwrap().handle_error(GENERATION);
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(*told.borrow(), [], "a close event may be on its way");
    let wake = script.armed.get().unwrap();
    assert!(
        wake.at <= script.now.get() + Duration::from_millis(1),
        "but not for longer than a turn"
    );
    script.fall_to(0);
    assert_eq!(*told.borrow(), [1006]);
    script.end(1000);
    assert_eq!(*told.borrow(), [1006], "the late real one is ignored");
}

#[test]
fn a_state_that_changes_after_the_error_is_noticed() {
    // WebKitGTK, for a blocked port: CONNECTING in the error, CLOSED after it, and no close.
    let (script, socket) = Script::connect();
    script.events().unwrap().handle_error(GENERATION);
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    script.state.set(ReadyState::Closed);
    script.fall_to(0);
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    script.fall_to(0);
    assert_eq!(socket.closed().now_or_never().unwrap().code, 1006);
    // An error that was not the end leaves nothing behind.
    let (script, socket) = Script::open();
    script.events().unwrap().handle_error(GENERATION);
    script.fall_to(0);
    assert_eq!(script.armed.get(), None);
    assert_eq!(socket.ready_state(), ReadyState::Open);
}

#[test]
fn a_close_event_behind_an_error_is_the_one_that_is_told() {
    let (script, socket) = Script::open();
    let told = Rc::new(RefCell::new(Vec::new()));
    socket.set_onclose({
        let told = told.clone();
        move |_, close| told.borrow_mut().push(close.code)
    });
    script.state.set(ReadyState::Closed);
    script.events().unwrap().handle_error(GENERATION);
    script.end(4001);
    assert_eq!(*told.borrow(), [4001]);
    assert_eq!(script.armed.get(), None);
}

#[test]
fn an_alarm_that_finds_the_socket_closed_gives_the_close_event_a_turn() {
    let (script, socket) = Script::open();
    socket.close();
    script.state.set(ReadyState::Closed);
    script.now.set(Duration::from_secs(3600));
    script.fall_to(0);
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    script.end(1000);
    assert_eq!(socket.closed().now_or_never().unwrap().code, 1000);
}

#[test]
fn an_unselected_subprotocol_is_a_failed_connection() {
    // Firefox and WebKitGTK open it, with an empty protocol.
    for selected in ["", "B", "c"] {
        let (script, socket) = Script::connect_as(Request {
            url: String::new(),
            protocols: vec!["a".into(), "b".into()],
        });
        let told = Rc::new(RefCell::new(Vec::new()));
        for kind in ["open", "error", "close"] {
            let told = told.clone();
            let note = move || told.borrow_mut().push(kind);
            match kind {
                "open" => socket.set_onopen(move |_, _| note()),
                "error" => socket.set_onerror(move |_, _| note()),
                _ => socket.set_onclose(move |_, _| note()),
            }
        }
        script.accept_as(selected);
        assert_eq!(*told.borrow(), ["error", "close"], "{selected:?}");
        assert_eq!(script.take_log(), ["abandon"]);
        assert_eq!(socket.closed().now_or_never().unwrap().code, 1006);
    }
    let (script, socket) = Script::connect_as(Request {
        url: String::new(),
        protocols: vec!["a".into(), "b".into()],
    });
    script.accept_as("b");
    assert_eq!(socket.ready_state(), ReadyState::Open);
}

// ---- waiting ----

#[test]
fn the_alarm_is_set_only_while_somebody_waits() {
    let (script, socket) = Script::open();
    socket.try_send(text(100)).unwrap();
    assert_eq!(script.armed.get(), None);
    let mut waiting = socket.send("next");
    assert!((&mut waiting).now_or_never().is_none());
    assert!(script.armed.get().is_some());
    script.fall_to(25);
    assert_eq!((&mut waiting).now_or_never(), Some(Ok(())));
    assert_eq!(script.armed.get(), None);
    assert_eq!(script.take_log().last().unwrap(), "send next");
}

#[test]
fn a_future_that_is_dropped_no_longer_waits() {
    let (script, socket) = Script::open();
    socket.try_send(text(100)).unwrap();
    for _ in 0..10 {
        assert!(socket.send("never").now_or_never().is_none());
        assert_eq!(script.armed.get(), None, "nobody is left to wake");
        assert!(socket.drained().now_or_never().is_none());
        assert_eq!(script.armed.get(), None, "nobody is left to wake");
        assert!(socket.closed().now_or_never().is_none());
    }
    assert!(socket.driver().waiters.is_empty());
    assert_eq!(script.take_log().len(), 1);
}

// ---- the contract of Sink, sentence by sentence ----

#[test]
fn poll_ready_is_pending_while_the_gate_is_shut() {
    let (script, mut stream) = Script::open_stream();
    let mut stream = Pin::new(&mut stream);
    assert!(poll(|cx| stream.as_mut().poll_ready(cx)).is_ready());
    stream.as_mut().start_send(text(100)).unwrap();
    assert!(poll(|cx| stream.as_mut().poll_ready(cx)).is_pending());
    script.fall_to(26);
    assert!(
        poll(|cx| stream.as_mut().poll_ready(cx)).is_pending(),
        "above the low-water mark"
    );
    script.fall_to(25);
    assert!(poll(|cx| stream.as_mut().poll_ready(cx)).is_ready());
}

#[test]
fn start_send_after_ready_takes_the_message_whatever_came_between() {
    let (script, mut stream) = Script::open_stream();
    let socket = stream.socket().clone();
    let mut stream = Pin::new(&mut stream);
    assert!(poll(|cx| stream.as_mut().poll_ready(cx)).is_ready());
    socket.try_send(text(200)).unwrap();
    stream.as_mut().start_send("mine".into()).unwrap();
    assert_eq!(script.take_log().len(), 1, "it is queued");
    assert!(
        poll(|cx| stream.as_mut().poll_flush(cx)).is_pending(),
        "and not flushed"
    );
    script.fall_to(0);
    assert_eq!(script.take_log(), ["send mine"]);
    assert_eq!(
        poll(|cx| stream.as_mut().poll_flush(cx)),
        Poll::Ready(Ok(()))
    );
}

#[test]
fn poll_flush_does_not_wait_for_the_browser() {
    let (_script, mut stream) = Script::open_stream();
    assert_eq!(stream.send(text(1000)).now_or_never(), Some(Ok(())));
}

#[test]
fn poll_close_hands_over_closes_and_waits_for_the_close_event() {
    let (script, mut stream) = Script::open_stream();
    stream.socket().try_send(text(100)).unwrap();
    stream.socket().try_send("queued").unwrap();
    script.take_log();
    assert_eq!(stream.close().now_or_never(), None);
    assert_eq!(script.take_log(), ["send queued", "close 1000"]);
    assert_eq!(stream.close().now_or_never(), None);
    assert_eq!(script.take_log(), [""; 0], "only once");
    script.end(1000);
    assert_eq!(stream.close().now_or_never(), Some(Ok(())));
    let refused = stream.send("late".into()).now_or_never().unwrap();
    assert_eq!(
        refused,
        Err(StreamError::Send(SendError::Closed("late".into())))
    );
}

#[test]
fn a_stream_ends_once_and_stays_ended() {
    for (code, last) in [(1000, None), (1006, Some(1006))] {
        let (script, mut stream) = Script::open_stream();
        script.deliver("kept");
        script.end(code);
        assert_eq!(stream.next().now_or_never(), Some(Some(Ok("kept".into()))));
        if let Some(last) = last {
            let end = stream.next().now_or_never().unwrap();
            assert!(matches!(end, Some(Err(StreamError::Closed(close))) if close.code == last));
        }
        for _ in 0..10 {
            assert_eq!(
                poll(|cx| Pin::new(&mut stream).poll_next(cx)),
                Poll::Ready(None)
            );
        }
        assert!(stream.is_terminated());
    }
}

// ---- endings ----

#[test]
fn a_deaf_peer_is_given_up_by_the_clock() {
    let (script, socket) = Script::open();
    socket.close();
    let closed = socket.closed();
    script.fall_to(0);
    assert_eq!(script.now.get(), Duration::from_secs(5));
    assert_eq!(closed.now_or_never(), Some(CloseEvent::abnormal()));
    assert_eq!(script.take_log(), ["close 1000", "abandon"]);
    assert_eq!(script.armed.get(), None);
}

#[test]
fn the_last_handle_closes_and_a_controller_does_not_keep_it() {
    let (script, socket) = Script::open();
    let (other, controller, closed) = (socket.clone(), socket.controller(), socket.closed());
    drop(socket);
    assert_eq!(script.take_log(), [""; 0]);
    drop(other);
    assert_eq!(script.take_log(), ["close 1000", "abandon"]);
    assert_eq!(controller.ready_state(), ReadyState::Closed);
    assert_eq!(closed.now_or_never(), Some(CloseEvent::abnormal()));
}

#[test]
fn a_driver_is_freed_with_everything_that_holds_it() {
    let (script, socket) = Script::open();
    let listener = socket.on_message(|_, _| {});
    let handle = socket.clone();
    socket.set_onmessage(move |_, _| drop(handle.clone()));
    let driver = Rc::downgrade(socket.driver());
    script.end(1000);
    drop(socket);
    drop(listener);
    assert_eq!(
        driver.strong_count(),
        0,
        "the end of the connection broke the cycle"
    );
}

#[test]
fn off_the_web_opening_is_an_error_and_no_panic() {
    assert_eq!(
        WebSocket::open("ws://h").unwrap_err(),
        ConnectError::Unsupported
    );
    let connecting = crate::connect("ws://h").now_or_never().unwrap();
    assert_eq!(connecting.unwrap_err(), ConnectError::Unsupported);
}
