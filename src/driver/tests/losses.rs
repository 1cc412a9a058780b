//! Whatever is lost is told: no `Ok` for a message that never reached the browser.

use super::*;

/// The socket of a stream with one message queued behind a shut gate.
fn with_a_queued_message() -> (Rc<Script>, WebSocketStream) {
    let (script, mut stream) = Script::open_stream();
    let socket = stream.socket().clone();
    let mut sink = Pin::new(&mut stream);
    assert!(poll(|cx| sink.as_mut().poll_ready(cx)).is_ready());
    socket.try_send(text(200)).unwrap();
    sink.as_mut().start_send("mine".into()).unwrap();
    assert!(poll(|cx| sink.as_mut().poll_flush(cx)).is_pending());
    (script, stream)
}

const ONE_DROPPED: StreamError = StreamError::Dropped { messages: 1 };

#[test]
fn try_send_behind_a_shut_gate_notices_that_the_peer_closes() {
    let (script, stream) = with_a_queued_message();
    script.state.set(ReadyState::Closing);
    let refused = stream.socket().try_send("lost");
    assert_eq!(refused, Err(TrySendError::Closed("lost".into())));
}

#[test]
fn start_send_behind_a_shut_gate_notices_that_the_peer_closes() {
    let (script, mut stream) = with_a_queued_message();
    script.state.set(ReadyState::Closing);
    let refused = Pin::new(&mut stream).start_send("lost".into());
    assert_eq!(
        refused,
        Err(StreamError::Send(SendError::Closed("lost".into())))
    );
}

#[test]
fn flush_tells_what_a_close_in_connecting_dropped() {
    let (_script, socket) = Script::connect();
    let mut stream = socket.into_stream().unwrap();
    let controller = stream.socket().controller();
    let mut sending = stream.send("lost".into());
    assert!((&mut sending).now_or_never().is_none());
    controller.close();
    assert_eq!((&mut sending).now_or_never(), Some(Err(ONE_DROPPED)));
}

#[test]
fn flush_tells_what_a_closing_peer_dropped_once() {
    let (script, mut stream) = with_a_queued_message();
    script.state.set(ReadyState::Closing);
    script.fall_to(0);
    assert_eq!(stream.flush().now_or_never(), Some(Err(ONE_DROPPED)));
    assert_eq!(stream.flush().now_or_never(), Some(Ok(())));
}

#[test]
fn flush_tells_what_the_browser_refused() {
    let (script, mut stream) = with_a_queued_message();
    script.refusal.set(Some(Refusal::Thrown));
    script.fall_to(0);
    assert_eq!(stream.flush().now_or_never(), Some(Err(ONE_DROPPED)));
    script.refusal.set(None);
    script.buffered.set(0);
    assert_eq!(stream.send("next".into()).now_or_never(), Some(Ok(())));
}

#[test]
fn close_tells_what_a_normal_end_took_along() {
    let (script, mut stream) = with_a_queued_message();
    script.end(1000);
    assert_eq!(stream.close().now_or_never(), Some(Err(ONE_DROPPED)));
}

#[test]
fn drained_is_an_error_when_the_queue_was_dropped() {
    let (script, stream) = with_a_queued_message();
    let mut drained = stream.socket().drained();
    assert!((&mut drained).now_or_never().is_none());
    script.state.set(ReadyState::Closing);
    script.fall_to(0);
    assert!(
        (&mut drained).now_or_never().is_none(),
        "it ends with the close event"
    );
    script.end(1000);
    assert!(matches!((&mut drained).now_or_never(), Some(Err(_))));

    let (script, socket) = Script::connect();
    socket.try_send("queued").unwrap();
    let mut drained = socket.drained();
    assert!((&mut drained).now_or_never().is_none());
    socket.close();
    assert!((&mut drained).now_or_never().is_none());
    script.end(1006);
    assert!(matches!((&mut drained).now_or_never(), Some(Err(_))));
}

/// A connection may open, greet and close again before the task that connects is polled.
#[test]
fn what_a_short_connection_left_is_read_by_a_late_task() {
    let (script, socket) = Script::connect();
    let driver = socket.driver().clone();
    let mut stream = socket.into_stream().unwrap();
    assert!(poll(|cx| stream.poll_open(cx)).is_pending());
    script.accept();
    script.deliver("greeting");
    script.end(1000);
    assert_eq!(poll(|cx| stream.poll_open(cx)), Poll::Ready(Ok(())));
    assert_eq!(
        stream.next().now_or_never(),
        Some(Some(Ok("greeting".into())))
    );
    assert_eq!(stream.next().now_or_never(), Some(None));
    drop(driver);
}

#[test]
fn a_connection_that_never_opened_fails() {
    let (script, socket) = Script::connect();
    let mut stream = socket.into_stream().unwrap();
    assert!(poll(|cx| stream.poll_open(cx)).is_pending());
    script.end(1006);
    let failed = Poll::Ready(Err(CloseEvent::abnormal()));
    assert_eq!(poll(|cx| stream.poll_open(cx)), failed);
}

#[test]
fn an_unreadable_message_counts_and_closes_like_any_other() {
    let (script, mut stream) = Script::open_stream();
    script.deliver(&"x".repeat((64 << 20) - 64 - 10));
    script.events().unwrap().handle_unreadable(GENERATION);
    script.deliver("more");
    assert!(stream.next().now_or_never().unwrap().unwrap().is_ok());
    assert_eq!(
        stream.next().now_or_never(),
        Some(Some(Err(StreamError::Overflow)))
    );
    assert_eq!(script.take_log(), ["close 4009"]);
    assert_eq!(stream.socket().stats().messages_overflowed, 2);
}

#[test]
fn an_unreadable_message_keeps_its_place_also_when_events_are_nested() {
    let (script, mut stream) = Script::open_stream();
    let events = script.events().unwrap();
    let first = Cell::new(true);
    stream.socket().set_onmessage(move |_, _| {
        if first.replace(false) {
            events.handle_message(GENERATION, "second".into());
            events.handle_unreadable(GENERATION);
        }
    });
    script.deliver("first");
    let mut read = Vec::new();
    while let Some(Some(item)) = stream.next().now_or_never() {
        read.push(item.is_ok());
    }
    assert_eq!(read, [true, true, false]);
}

/// After a sleep the timer of the close may run before the close event that is there already.
#[test]
fn a_late_timer_leaves_a_turn_to_the_real_close() {
    let (script, socket) = Script::open();
    socket.close();
    script.state.set(ReadyState::Closed);
    script.fall_to(0);
    script.end(1000);
    assert_eq!(socket.closed().now_or_never().unwrap().code, 1000);
}
