//! Corners: each test begins with the sentence that tells the bug it keeps away.

use crate::driver::Batches;
use crate::machine::{TokenBucket, Wake};
use crate::{Overflow, RateLimit, SendOptions};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A socket behind whose gate everything waits.
fn shut(options: Options) -> (Rc<Script>, WebSocket) {
    let (script, socket) = Script::connect_with(Request::default(), options);
    script.accept();
    socket.try_send(text(100)).unwrap();
    script.take_log();
    (script, socket)
}

/// The look before a send finds the browser's buffer empty, but what waits is handed over only after
/// the overflow policy was asked: a message is thrown away although there is all the room.
#[test]
fn room_that_a_look_finds_is_used_before_anything_is_dropped() {
    for policy in [Overflow::DropOldest, Overflow::DropNewest] {
        let (script, socket) = shut(OPTIONS.capacity_messages(1).overflow(policy));
        assert_eq!(socket.try_send("a"), Ok(Outcome::Queued));
        script.buffered.set(0);
        socket.try_send("b").unwrap();
        assert_eq!(socket.stats().dropped.total(), 0, "{policy:?}");
        assert_eq!(script.take_log(), ["send a", "send b"], "{policy:?}");
    }
}

/// The same with the default policy: the message comes back as `Full` from a socket that has just
/// handed everything over.
#[test]
fn room_that_a_look_finds_is_used_before_a_message_is_refused() {
    let (script, socket) = shut(OPTIONS.capacity_messages(1));
    assert_eq!(socket.try_send("a"), Ok(Outcome::Queued));
    script.buffered.set(0);
    assert_eq!(socket.try_send("b"), Ok(Outcome::Sent));
    assert_eq!(script.take_log(), ["send a", "send b"]);
}

/// `detach` is the one way of handing over that does not look at the time.
#[test]
fn what_has_expired_is_not_handed_over_by_the_last_handle() {
    let (script, socket) = shut(OPTIONS);
    let options = SendOptions::new().time_to_live(SECOND);
    socket.try_send_with("late", options).unwrap();
    script.now.set(2 * SECOND);
    drop(socket);
    assert_eq!(script.take_log(), ["close 1000", "abandon"]);
}

/// `Stats::stalled` is settled by alarms only: when a look on another event sees the fall that ends the
/// wait, no alarm follows, and it stays true for ever.
#[test]
fn a_stall_ends_when_a_look_on_an_event_sees_the_fall() {
    let (script, socket) = shut(OPTIONS.stall_timeout(SECOND));
    let mut waiting = socket.send("next");
    assert!((&mut waiting).now_or_never().is_none());
    while !socket.stats().stalled {
        script.fall_to(100);
    }
    script.buffered.set(0);
    script.deliver("something arrives");
    assert_eq!((&mut waiting).now_or_never(), Some(Ok(())));
    assert!(!socket.stats().stalled, "the buffer is empty");
}

/// The same when whoever waited has gone.
#[test]
fn nothing_is_stalled_when_nobody_waits_any_more() {
    let (script, socket) = shut(OPTIONS.stall_timeout(SECOND));
    let mut waiting = socket.send("next");
    assert!((&mut waiting).now_or_never().is_none());
    while !socket.stats().stalled {
        script.fall_to(100);
    }
    drop(waiting);
    assert_eq!(script.armed.get(), None);
    assert!(!socket.stats().stalled, "nobody waits");
}

/// A fall that was seen by the look before a `try_send` does not count as movement, so a peer that
/// reads all the time is said to be stalled.
#[test]
fn a_fall_that_a_send_sees_is_no_stall() {
    let (script, socket) = Script::connect_with(Request::default(), OPTIONS);
    script.accept();
    socket.try_send(text(1_000_000)).unwrap();
    let mut waiting = socket.send("next");
    assert!((&mut waiting).now_or_never().is_none());
    while script.now.get() < 61 * SECOND {
        script.fall_to(script.buffered.get());
        script.buffered.set(script.buffered.get() - 10);
        socket.try_send("").ok();
        script.now.set(script.now.get() + Duration::from_millis(20));
    }
    assert!(!socket.stats().stalled, "the peer reads");
}

/// With a short `stall_timeout` a stall is told at the first look of a wait, because the time is
/// counted from the start of the page or from an earlier wait, unless that is more than 5 s ago.
#[test]
fn a_stall_is_counted_from_when_somebody_began_to_wait() {
    let (script, socket) = Script::connect_with(Request::default(), OPTIONS.stall_timeout(SECOND));
    script.accept();
    script.now.set(4 * SECOND);
    socket.try_send(text(100)).unwrap();
    let mut waiting = socket.send("next");
    assert!((&mut waiting).now_or_never().is_none());
    script.fall_to(100);
    assert!(!socket.stats().stalled, "it has just begun to wait");
}

/// Dropping a listener does not tell the machine, which goes on collecting, and waking, for nobody.
#[test]
fn nothing_is_collected_for_a_listener_that_is_gone() {
    let (_script, socket) = shut(OPTIONS.capacity_messages(1).overflow(Overflow::DropOldest));
    let listener = socket.on_drop(|_, _| {});
    drop(listener);
    let listener = socket.on_tap(|_, _| {});
    drop(listener);
    socket.try_send("a").unwrap();
    socket.try_send("b").unwrap();
    assert!(
        socket.driver().machine().poll_event().is_none(),
        "nobody hears of it"
    );
}

/// And an alarm that was armed for a `drain` listener outlives it.
#[test]
fn nothing_stays_armed_for_a_drain_listener_that_is_gone() {
    let (script, socket) = shut(OPTIONS);
    let listener = socket.on_drain(|_, _| {});
    let mut sending = socket.send_with("a", SendOptions::new());
    assert!((&mut sending).now_or_never().is_none());
    drop(sending);
    assert!(script.armed.get().is_some());
    drop(listener);
    assert_eq!(script.armed.get(), None);
}

/// The key function is never dropped, neither by the end nor with the last handle, so one that holds a
/// handle keeps the socket for ever, where a handler would not.
#[test]
fn a_key_function_goes_with_the_connection() {
    let (script, stream) = Script::open_stream();
    let socket = stream.socket().clone();
    let handle = socket.clone();
    socket.driver().set_key_of(Rc::new(move |_: &Message| {
        let _ = handle.ready_state();
        None
    }));
    let driver = Rc::downgrade(socket.driver());
    script.end(1000);
    drop((stream, socket));
    assert_eq!(driver.strong_count(), 0);
}

/// Dropping the last handle changes the state without a look at the clock.
#[test]
fn the_time_in_a_state_is_counted_anew_when_the_last_handle_goes() {
    let (script, socket) = Script::open();
    let controller = socket.controller();
    script.now.set(10 * SECOND);
    drop(socket);
    assert_eq!(controller.stats().ready_state, ReadyState::Closed);
    assert_eq!(controller.stats().time_in_state, Duration::ZERO);
}

/// Nobody waits for the answer to the close of the last handle, so nothing says what arrived; but
/// `messages_unknown` stays 0 beside a close event of 1006.
#[test]
fn what_was_sent_is_unknown_when_the_last_handle_goes() {
    let (_script, socket) = Script::open();
    let controller = socket.controller();
    socket.try_send("a").unwrap();
    drop(socket);
    assert_eq!(controller.closed().now_or_never().unwrap().code, 1006);
    assert_eq!(controller.stats().messages_unknown, 1);
}

/// A message that is refused while the last handle goes leaves an error event that nobody will hear, and
/// an alarm for it after the socket was abandoned.
#[test]
fn nothing_is_armed_once_the_last_handle_is_gone() {
    let (script, socket) = shut(OPTIONS);
    let controller = socket.controller();
    socket.try_send("queued").unwrap();
    script.refusal.set(Some(Refusal::Closing));
    drop(socket);
    assert_eq!(controller.ready_state(), ReadyState::Closed);
    assert_eq!(script.armed.get(), None);
}

/// `drained()` looks at `bufferedAmount` every 16 ms while only the rate limit holds the queue back.
#[test]
fn a_rate_limit_is_waited_for_once() {
    let (script, socket) = Script::open();
    let limit = RateLimit::new().messages(1, 10 * SECOND);
    socket
        .driver()
        .set_limit(Box::new(TokenBucket::new(&limit)));
    socket.try_send("a").unwrap();
    socket.try_send("b").unwrap();
    script.buffered.set(0);
    let mut drained = socket.drained();
    assert!((&mut drained).now_or_never().is_none());
    while script.now.get() < 10 * SECOND {
        script.fall_to(0);
    }
    let polls = socket.stats().polls;
    assert!(polls < 20, "{polls} looks at an empty buffer");
}

/// The time of one token is rounded up to a nanosecond, so that the last of a burst does not pass.
#[test]
fn a_whole_periods_worth_may_go_at_once() {
    for count in [3, 7, 13, 60, 97] {
        let (script, socket) = Script::connect_with(Request::default(), Options::new());
        let limit = RateLimit::new().messages(count, SECOND);
        socket
            .driver()
            .set_limit(Box::new(TokenBucket::new(&limit)));
        script.accept();
        for place in 1..=count {
            assert_eq!(
                socket.try_send("a"),
                Ok(Outcome::Sent),
                "{place} of {count}"
            );
        }
    }
}

/// A batch counts bytes only: a flood of empty messages, while timers starve or are throttled, grows
/// without bound, where the inbox counts 64 more for each.
#[test]
fn a_batch_of_empty_messages_is_bounded() {
    let (script, socket) = Script::open();
    let (clock, _other) = Script::open();
    let shared = Box::new(Shared(clock));
    Batches::install(socket.driver(), shared, SECOND, 1000);
    let largest = Rc::new(Cell::new(0));
    let note = largest.clone();
    let consumer = Rc::new(crate::handlers::Handlers::default());
    consumer.set(
        crate::handlers::Kind::Messages,
        Some(crate::handlers::messages(move |_, messages| {
            note.set(note.get().max(messages.len()));
        })),
    );
    socket.set_consumer(consumer);
    for _ in 0..1000 {
        script.deliver("");
    }
    script.end(1000);
    assert!(largest.get() <= 16, "{} in one batch", largest.get());
}

/// With a message in the queue and somebody who hears of its drop, the turn that a missing close event
/// is given is no timer but the tick that was meant for the drop event.
#[test]
fn a_missing_close_event_is_given_a_turn_whoever_listens() {
    let (script, socket) = shut(OPTIONS);
    socket.set_ondrop(|_, _| {});
    socket.try_send("queued").unwrap();
    script.state.set(ReadyState::Closed);
    script.fall_to(100);
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(
        script.armed.get().map(|armed| armed.wake),
        Some(Wake::Timer)
    );
}

/// In CONNECTING no look precedes a send, so what has expired still fills the queue when timers are late,
/// as in a hidden page.
#[test]
fn what_has_expired_takes_no_room_while_connecting() {
    let options = OPTIONS.capacity_messages(1);
    let (script, socket) = Script::connect_with(Request::default(), options);
    let expiring = SendOptions::new().time_to_live(SECOND);
    socket.try_send_with("old", expiring).unwrap();
    script.now.set(2 * SECOND);
    assert_eq!(socket.try_send("new"), Ok(Outcome::Queued));
}

/// Before the connection is open, `send` and the `Sink` wait at the mark, which counts payloads only: short
/// messages never reach it, and neither bound of the queue holds.
#[test]
fn the_queue_is_bounded_for_senders_that_wait_while_connecting() {
    for options in [OPTIONS.capacity_messages(10), OPTIONS.capacity(640)] {
        let (_script, socket) = Script::connect_with(Request::default(), options);
        for _ in 0..1000 {
            let _: Option<_> = socket.send("").now_or_never();
        }
        let queued = socket.stats().messages_queued;
        assert!(queued <= 10, "{queued} messages wait");
    }
}

/// Whoever waits for room behind a message that is taken back has to be told.
#[test]
fn a_message_that_is_taken_back_leaves_room() {
    let (script, socket) = Script::open();
    let limit = RateLimit::new().messages(1, SECOND);
    socket
        .driver()
        .set_limit(Box::new(TokenBucket::new(&limit)));
    socket.try_send("a").unwrap();
    let mut first = socket.send_with("b", SendOptions::new());
    assert!((&mut first).now_or_never().is_none());
    let drained = Rc::new(Cell::new(0));
    let note = drained.clone();
    let _listener = socket.on_drain(move |_, _| note.set(note.get() + 1));
    drop(first);
    script.fall_to(0);
    assert_eq!(drained.get(), 1);
    assert_eq!(script.take_log(), ["send a"]);
}

/// A made-up close must not be put off by those who look meanwhile.
#[test]
fn looks_do_not_put_off_a_missing_close_event() {
    let (script, socket) = Script::open();
    script.state.set(ReadyState::Closed);
    script.events().unwrap().handle_error(GENERATION);
    let due = script.armed.get().unwrap().at;
    script.now.set(due);
    let _ = socket.drained().now_or_never();
    assert!(socket.try_send("late").is_err());
    script.fall_to(0);
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

/// What the browser refuses goes back to the sender who waits, with the right cause.
#[test]
fn a_refused_message_goes_back_to_its_sender() {
    for (refusal, error) in [
        (Refusal::Thrown, SendError::Refused("a".into())),
        (Refusal::Closing, SendError::Closed("a".into())),
    ] {
        let (script, socket) = shut(OPTIONS);
        let mut sending = socket.send_with("a", SendOptions::new());
        assert!((&mut sending).now_or_never().is_none());
        script.refusal.set(Some(refusal));
        script.fall_to(0);
        assert_eq!((&mut sending).now_or_never(), Some(Err(error)));
        assert!(futures::future::FusedFuture::is_terminated(&sending));
    }
}

/// The builder sets the keys before there is an inbox.
#[test]
fn keys_that_are_set_first_hold_for_the_inbox_that_follows() {
    let (script, socket) = Script::open();
    let key_of = |message: &Message| message.as_text().map(|text| text[..1].to_owned());
    socket.driver().set_key_of(Rc::new(key_of));
    let mut stream = socket.into_stream().unwrap();
    for message in ["a1", "b1", "a2"] {
        script.deliver(message);
    }
    assert_eq!(stream.next().now_or_never(), Some(Some(Ok("a2".into()))));
    assert_eq!(stream.next().now_or_never(), Some(Some(Ok("b1".into()))));
}

/// The time in CONNECTING begins when the connection is started, not when the page was.
#[test]
fn the_time_in_connecting_begins_at_the_start() {
    let (script, socket) = Script::connect();
    script.now.set(3 * SECOND);
    assert_eq!(socket.stats().time_in_state, 3 * SECOND);
    let driver = Driver::new(
        Machine::new(OPTIONS),
        Request::default(),
        Box::new(Shared(script.clone())),
        Box::new(Shared(script.clone())),
    );
    let late = WebSocket::new(driver);
    late.driver().start().unwrap();
    assert_eq!(late.stats().time_in_state, Duration::ZERO);
}
