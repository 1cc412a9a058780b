//! Keys, time to live, rate limits, batches, conflation and the tap, as an application meets them.

use crate::driver::Batches;
use crate::machine::TokenBucket;
use crate::{DropCause, DropEvent, Overflow, RateLimit, SendOptions, TapEvent};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

type Heard<T> = Rc<RefCell<Vec<T>>>;

/// A socket behind whose gate everything waits.
fn shut(options: Options) -> (Rc<Script>, WebSocket) {
    let (script, socket) = Script::connect_with(Request::default(), options);
    script.accept();
    socket.try_send(text(100)).unwrap();
    script.take_log();
    (script, socket)
}

/// The pending events are told.
fn turn(script: &Script) {
    script.fall_to(script.buffered.get());
}

fn drops(socket: &WebSocket) -> Heard<DropEvent> {
    let heard = Heard::default();
    let note = heard.clone();
    socket.set_ondrop(move |_, event| note.borrow_mut().push(event));
    heard
}

#[test]
fn send_with_waits_in_the_queue_and_resolves_when_handed_over() {
    let (script, socket) = shut(OPTIONS);
    let mut sending = socket.send_with("a", SendOptions::new());
    assert!((&mut sending).now_or_never().is_none());
    assert_eq!(socket.stats().messages_queued, 1);
    script.fall_to(25);
    assert_eq!(script.take_log(), ["send a"]);
    assert_eq!((&mut sending).now_or_never(), Some(Ok(())));
    assert!((&mut sending).now_or_never().is_none(), "once");
}

#[test]
fn send_with_goes_straight_through_an_open_gate() {
    let (script, socket) = Script::open();
    let options = SendOptions::new().key("k");
    assert_eq!(socket.send_with("a", options).now_or_never(), Some(Ok(())));
    assert_eq!(script.take_log(), ["send a"]);
    script.refusal.set(Some(Refusal::Thrown));
    let refused = socket.send_with("b", SendOptions::new()).now_or_never();
    assert_eq!(refused, Some(Err(SendError::Refused("b".into()))));
    script.refusal.set(Some(Refusal::Closing));
    let closed = socket.send_with("c", SendOptions::new()).now_or_never();
    assert_eq!(closed, Some(Err(SendError::Closed("c".into()))));
}

#[test]
fn a_replaced_and_an_expired_message_end_their_futures_with_the_cause() {
    let (script, socket) = shut(OPTIONS);
    let heard = drops(&socket);
    let mut replaced = socket.send_with("old", SendOptions::new().key("k"));
    assert!((&mut replaced).now_or_never().is_none());
    socket
        .try_send_with("new", SendOptions::new().key("k"))
        .unwrap();
    let error = SendError::Dropped("old".into(), DropCause::Replaced);
    assert_eq!((&mut replaced).now_or_never(), Some(Err(error)));
    let mut expired = socket.send_with("late", SendOptions::new().time_to_live(SECOND));
    assert!((&mut expired).now_or_never().is_none());
    script.now.set(SECOND);
    turn(&script);
    let error = SendError::Dropped("late".into(), DropCause::Expired);
    assert_eq!((&mut expired).now_or_never(), Some(Err(error)));
    let heard: Vec<_> = heard.borrow().iter().map(|event| event.cause).collect();
    assert_eq!(heard, [DropCause::Replaced, DropCause::Expired]);
}

#[test]
fn a_dropped_send_with_takes_its_message_out_of_the_queue() {
    let (script, socket) = shut(OPTIONS);
    let heard = drops(&socket);
    let mut sending = socket.send_with("a", SendOptions::new().key("k"));
    assert!((&mut sending).now_or_never().is_none());
    drop(sending);
    assert_eq!(socket.stats().messages_queued, 0);
    assert_eq!(script.armed.get(), None, "and nobody waits any more");
    socket.try_send("b").unwrap();
    script.fall_to(0);
    assert_eq!(script.take_log(), ["send b"]);
    assert_eq!(*heard.borrow(), []);
}

#[test]
fn the_end_gives_waiting_messages_back_and_tells_of_the_others_before_the_close() {
    let (script, socket) = shut(OPTIONS);
    let told = Heard::default();
    let (note, note_close) = (told.clone(), told.clone());
    socket.set_ondrop(move |_, event| note.borrow_mut().push(event.message.into_text().unwrap()));
    socket.set_onclose(move |_, _| note_close.borrow_mut().push("close".into()));
    let mut sending = socket.send_with("mine", SendOptions::new());
    assert!((&mut sending).now_or_never().is_none());
    socket.try_send("queued").unwrap();
    script.end(4001);
    assert_eq!(
        (&mut sending).now_or_never(),
        Some(Err(SendError::Closed("mine".into())))
    );
    assert_eq!(*told.borrow(), ["mine", "queued", "close"]);
}

/// A policy that drops while the application calls must not call back into it.
#[test]
fn on_drop_is_not_called_inside_try_send() {
    let options = OPTIONS.capacity_messages(1).overflow(Overflow::DropOldest);
    let (script, socket) = shut(options);
    let heard = drops(&socket);
    socket.try_send("a").unwrap();
    socket.try_send("b").unwrap();
    assert_eq!(*heard.borrow(), []);
    turn(&script);
    let event = DropEvent::new("a".into(), DropCause::Overflow);
    assert_eq!(*heard.borrow(), [event]);
    socket.clear_ondrop();
    socket.try_send("c").unwrap();
    turn(&script);
    assert_eq!(heard.borrow().len(), 1);
}

#[test]
fn what_the_browser_refuses_from_the_queue_is_a_drop() {
    let (script, socket) = shut(OPTIONS);
    let heard = drops(&socket);
    socket.try_send("a").unwrap();
    script.refusal.set(Some(Refusal::Thrown));
    script.fall_to(0);
    let event = DropEvent::new("a".into(), DropCause::Refused);
    assert_eq!(*heard.borrow(), [event]);
}

#[test]
fn a_rate_limit_lets_waiting_senders_through_one_by_one() {
    let (script, socket) = Script::open();
    let limit = RateLimit::new().messages(1, SECOND);
    socket
        .driver()
        .set_limit(Box::new(TokenBucket::new(&limit)));
    assert_eq!(socket.try_send("a"), Ok(Outcome::Sent));
    let mut second = socket.send("b");
    assert!((&mut second).now_or_never().is_none());
    let wake = script.armed.get().unwrap();
    assert_eq!(wake.at, SECOND, "one wake, when there is a token");
    script.fall_to(0);
    assert_eq!((&mut second).now_or_never(), Some(Ok(())));
    assert_eq!(script.take_log(), ["send a", "send b"]);
    assert_eq!(script.armed.get(), None);
}

#[test]
fn the_key_function_of_an_inbox_may_call_everything() {
    let (script, mut stream) = Script::open_stream();
    let socket = stream.socket().clone();
    let inner = socket.clone();
    socket
        .driver()
        .set_key_of(Rc::new(move |message: &Message| {
            let _ = (inner.stats(), inner.try_send("from the key"));
            let (key, _) = message.as_text()?.split_once('=')?;
            Some(key.into())
        }));
    for message in ["a=1", "plain", "b=1", "a=2", "a=3"] {
        script.deliver(message);
    }
    let mut read = Vec::new();
    while let Some(message) = stream.next().now_or_never() {
        read.push(message.unwrap().unwrap().into_text().unwrap());
    }
    assert_eq!(read, ["a=3", "plain", "b=1"]);
    assert_eq!(socket.stats().messages_conflated, 2);
}

/// A socket with a handler for batches, and the clock of the batches.
fn batched(capacity: usize) -> (Rc<Script>, WebSocket, Rc<Script>, Heard<Vec<String>>) {
    let (script, socket) = Script::open();
    let (clock, _other) = Script::open();
    let shared = Box::new(Shared(clock.clone()));
    Batches::install(socket.driver(), shared, SECOND, capacity);
    let heard = Heard::default();
    let note = heard.clone();
    let consumer = Rc::new(crate::handlers::Handlers::default());
    consumer.set(
        crate::handlers::Kind::Messages,
        Some(crate::handlers::messages(move |_, messages| {
            let texts = messages
                .into_iter()
                .map(|message| message.into_text().unwrap());
            note.borrow_mut().push(texts.collect());
        })),
    );
    socket.set_consumer(consumer);
    (script, socket, clock, heard)
}

#[test]
fn messages_come_in_batches_and_nothing_is_lost() {
    let (script, socket, clock, heard) = batched(1000);
    script.deliver("a");
    assert_eq!(clock.armed.get().unwrap().at, SECOND);
    script.deliver("b");
    assert!(heard.borrow().is_empty());
    clock.fall_to(0);
    assert_eq!(*heard.borrow(), [["a", "b"]]);
    assert_eq!(clock.armed.get(), None, "nothing is awake between batches");
    script.deliver("c");
    script.end(1000);
    assert_eq!(
        *heard.borrow(),
        [vec!["a", "b"], vec!["c"]],
        "what is left comes before the close"
    );
    assert_eq!(socket.stats().messages_received, 3);
}

#[test]
fn a_batch_ends_early_when_it_grows_too_large() {
    // Each message counts 64 bytes more.
    let (script, _socket, clock, heard) = batched(200);
    for message in ["1234", "5678", "90ab", "c"] {
        script.deliver(message);
    }
    assert_eq!(*heard.borrow(), [["1234", "5678", "90ab"]]);
    clock.fall_to(0);
    assert_eq!(heard.borrow()[1], ["c"]);
}

#[test]
fn a_batch_and_a_stream_and_a_handler_are_each_given_every_message() {
    let (script, socket, clock, heard) = batched(1000);
    let single = Heard::default();
    let note = single.clone();
    let _listener =
        socket.on_message(move |_, message| note.borrow_mut().push(message.into_text().unwrap()));
    let mut stream = socket.into_stream().unwrap();
    script.deliver("a");
    clock.fall_to(0);
    assert_eq!(*heard.borrow(), [["a"]]);
    assert_eq!(*single.borrow(), ["a"]);
    assert_eq!(stream.next().now_or_never(), Some(Some(Ok("a".into()))));
}

#[test]
fn the_tap_is_told_from_the_event_loop_only() {
    let (script, socket) = Script::open();
    let heard: Heard<TapEvent> = Heard::default();
    let note = heard.clone();
    let listener = socket.on_tap(move |_, event| note.borrow_mut().push(event));
    socket.try_send(text(100)).unwrap();
    socket.try_send("queued").unwrap();
    assert_eq!(*heard.borrow(), []);
    turn(&script);
    assert!(matches!(
        heard.borrow()[..],
        [TapEvent::GateShut { .. }, TapEvent::Woken(WokenBy::Timer)]
    ));
    drop(listener);
    let count = heard.borrow().len();
    script.fall_to(0);
    assert_eq!(heard.borrow().len(), count);
}
