//! Whoever waits is woken, and whoever is told is told at the right time.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::Listener;
use crate::machine::Wake;

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
struct Count(AtomicU32);

impl Count {
    fn new() -> (Arc<Self>, std::task::Waker) {
        let count = Arc::new(Self::default());
        (count.clone(), waker(count))
    }

    fn get(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

impl ArcWake for Count {
    fn wake_by_ref(count: &Arc<Self>) {
        count.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once, and says how often the waker was called by what happened then.
fn wakes<F: Future + Unpin>(mut future: F, happens: impl FnOnce()) -> u32 {
    let (count, waker) = Count::new();
    assert!(
        future
            .poll_unpin(&mut Context::from_waker(&waker))
            .is_pending()
    );
    assert_eq!(count.get(), 0);
    happens();
    count.get()
}

#[test]
fn room_wakes_a_sender() {
    let (script, socket) = Script::open();
    socket.try_send(text(100)).unwrap();
    assert_eq!(wakes(socket.send("next"), || script.fall_to(25)), 1);
}

#[test]
fn the_end_wakes_everybody() {
    let (script, stream) = Script::open_stream();
    let (mut sender, mut receiver) = stream.into_split();
    let socket = sender.socket().clone();
    socket.try_send(text(100)).unwrap();
    socket.try_send("queued").unwrap();
    let (count, waker) = Count::new();
    let cx = &mut Context::from_waker(&waker);
    let (mut send, mut drained, mut closed) = (socket.send("a"), socket.drained(), socket.closed());
    assert!(send.poll_unpin(cx).is_pending());
    assert!(drained.poll_unpin(cx).is_pending());
    assert!(closed.poll_unpin(cx).is_pending());
    assert!(receiver.poll_next_unpin(cx).is_pending());
    assert!(sender.flush().poll_unpin(cx).is_pending());
    script.end(1006);
    assert_eq!(count.get(), 5);
}

#[test]
fn opening_wakes_who_connects() {
    let (script, socket) = Script::connect();
    let mut stream = socket.into_stream().unwrap();
    let opening = futures::future::poll_fn(move |cx| stream.poll_open(cx));
    assert_eq!(wakes(opening, || script.accept()), 1);
}

#[test]
fn a_message_wakes_a_reader() {
    let (script, mut stream) = Script::open_stream();
    assert_eq!(wakes(stream.next(), || script.deliver("m")), 1);
}

#[test]
fn handing_over_wakes_who_flushes() {
    let (script, mut stream) = Script::open_stream();
    stream.socket().try_send(text(100)).unwrap();
    stream.socket().try_send("queued").unwrap();
    assert_eq!(wakes(stream.flush(), || script.fall_to(0)), 1);
}

#[test]
fn an_empty_buffer_wakes_who_waits_for_it() {
    let (script, socket) = Script::open();
    socket.try_send("x").unwrap();
    assert_eq!(wakes(socket.drained(), || script.fall_to(0)), 1);
}

#[test]
fn the_last_waker_is_the_one_that_counts() {
    let (script, socket) = Script::open();
    let mut closed = socket.closed();
    let ((first, one), (second, two)) = (Count::new(), Count::new());
    assert!(
        closed
            .poll_unpin(&mut Context::from_waker(&one))
            .is_pending()
    );
    assert!(
        closed
            .poll_unpin(&mut Context::from_waker(&two))
            .is_pending()
    );
    script.end(1000);
    assert_eq!((first.get(), second.get()), (0, 1));
}

/// While somebody waits, every event of the browser is an occasion to look.
#[test]
fn a_look_on_an_event_frees_a_sender() {
    let (script, stream) = Script::open_stream();
    let socket = stream.socket().clone();
    socket.try_send(text(100)).unwrap();
    let look = || {
        script.buffered.set(0);
        script.deliver("anything");
    };
    assert_eq!(wakes(socket.send("next"), look), 1);
    assert_eq!(socket.stats().polls, 0);
}

#[test]
fn a_drain_listener_that_comes_late_is_told() {
    let (script, socket) = Script::open();
    socket.try_send(text(100)).unwrap();
    socket.try_send(text(100)).unwrap();
    let mut sending = socket.send("x");
    assert!((&mut sending).now_or_never().is_none());
    script.fall_to(0);
    drop(sending);
    assert_eq!(
        script.armed.get(),
        None,
        "handed over, the gate is shut again, and nobody waits"
    );
    let told = Rc::new(Cell::new(false));
    let note = told.clone();
    socket.set_ondrain(move |_, _| note.set(true));
    script.fall_to(0);
    assert!(told.get());
}

/// A handler inside `try_send` would meet the borrows of whoever calls it.
#[test]
fn no_handler_runs_inside_a_call_of_the_application() {
    let (script, socket) = Script::open();
    let told = Rc::new(Cell::new(0));
    let note = told.clone();
    socket.set_ondrain(move |_, _| note.set(note.get() + 1));
    socket.try_send(text(100)).unwrap();
    socket.try_send(text(100)).unwrap();
    script.fall_to(0);
    script.buffered.set(0);
    socket.try_send("x").unwrap();
    assert_eq!(told.get(), 0);
    script.fall_to(0);
    assert_eq!(told.get(), 1, "but at the next turn");
}

#[test]
fn no_drain_is_told_once_the_connection_closes() {
    let (script, socket) = Script::open();
    let told = Rc::new(Cell::new(false));
    let note = told.clone();
    socket.set_ondrain(move |_, _| note.set(true));
    socket.try_send(text(100)).unwrap();
    socket.try_send(text(100)).unwrap();
    script.fall_to(0);
    script.buffered.set(0);
    socket.close();
    script.fall_to(0);
    assert!(!told.get());
}

#[test]
fn a_handler_that_comes_after_the_end_is_dropped_at_once() {
    let (script, socket) = Script::open();
    script.end(1000);
    let handle = socket.clone();
    socket.set_onclose(move |_, _| drop(handle.clone()));
    let handle = socket.clone();
    socket.on_message(move |_, _| drop(handle.clone())).forget();
    let driver = Rc::downgrade(socket.driver());
    drop(socket);
    assert_eq!(driver.strong_count(), 0);
}

#[test]
fn the_last_handle_may_go_inside_a_handler() {
    let (script, socket) = Script::open();
    let own = Rc::new(RefCell::new(None));
    let inside = own.clone();
    socket.set_onmessage(move |_, _| drop(inside.take()));
    let closed = socket.closed();
    let driver = Rc::downgrade(socket.driver());
    own.replace(Some(socket));
    script.deliver("x");
    assert_eq!(closed.now_or_never(), Some(CloseEvent::abnormal()));
    assert_eq!(driver.strong_count(), 0);
    assert_eq!(script.take_log(), ["close 1000", "abandon"]);
}

#[test]
fn every_wait_begins_with_a_tick() {
    let (script, socket) = Script::open();
    socket.try_send(text(100)).unwrap();
    let mut sending = socket.send("x");
    assert!((&mut sending).now_or_never().is_none());
    for _ in 0..10 {
        script.fall_to(100);
    }
    assert_eq!(script.armed.get().unwrap().wake, Wake::Timer, "slow by now");
    script.fall_to(0);
    assert_eq!((&mut sending).now_or_never(), Some(Ok(())));

    socket.try_send(text(100)).unwrap();
    let mut sending = socket.send("x");
    assert!((&mut sending).now_or_never().is_none());
    assert_eq!(script.armed.get().unwrap().wake, Wake::Tick, "for room");
    for _ in 0..10 {
        script.fall_to(101);
    }
    drop(sending);
    assert!(
        socket
            .drained()
            .poll_unpin(&mut Context::from_waker(&noop_waker()))
            .is_pending()
    );
    let mut drained = socket.drained();
    assert!((&mut drained).now_or_never().is_none());
    assert_eq!(
        script.armed.get().unwrap().wake,
        Wake::Tick,
        "for an empty buffer"
    );
}

#[test]
fn a_listener_that_was_removed_meanwhile_is_not_called() {
    let (script, socket) = Script::open();
    let log = Rc::new(RefCell::new(Vec::new()));
    let second: Rc<RefCell<Option<Listener>>> = Rc::default();
    let (note, remove) = (log.clone(), second.clone());
    let _first = socket.on_message(move |_, _| {
        note.borrow_mut().push("first");
        drop(remove.take());
    });
    let note = log.clone();
    second.replace(Some(
        socket.on_message(move |_, _| note.borrow_mut().push("second")),
    ));
    script.deliver("x");
    script.deliver("y");
    assert_eq!(*log.borrow(), ["first", "first"]);
}

#[test]
fn the_ready_state_is_the_browsers_when_it_knows_more() {
    let (script, socket) = Script::open();
    assert_eq!(socket.ready_state(), ReadyState::Open);
    for state in [ReadyState::Closing, ReadyState::Closed] {
        script.state.set(state);
        assert_eq!(
            socket.ready_state(),
            ReadyState::Closing,
            "CLOSED comes with its event"
        );
        assert_eq!(socket.stats().ready_state, ReadyState::Closing);
    }
    script.end(1000);
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[test]
fn handlers_go_with_the_last_handle_whoever_else_watches() {
    let (_script, socket) = Script::open();
    let controller = socket.controller();
    let held = Rc::new(());
    let inside = held.clone();
    socket.set_onmessage(move |_, _| drop(inside.clone()));
    drop(socket);
    assert_eq!(Rc::strong_count(&held), 1);
    drop(controller);
}
