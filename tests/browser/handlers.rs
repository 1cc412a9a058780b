//! Typed handlers and listeners, and everything they may do.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use sluicegate::{Listener, Outcome, ReadyState, WebSocket};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{Diary, seen_closed, settle, unique, url, within};

#[test]
async fn handlers_hear_a_connection_from_beginning_to_end_anywhere() {
    let diary = Diary::default();
    let (open, message, close) = (diary.clone(), diary.clone(), diary.clone());
    let _socket = WebSocket::builder(url("/burst?count=2&size=8&then=close").await)
        .on_open(move |_, _| open.note("open"))
        .on_message(move |_, text| message.note(text.into_text().unwrap()))
        .on_close(move |_, event| close.note(format!("close {}", event.code)))
        .open()
        .unwrap();
    diary.until("close 1000").await;
    settle().await;
    assert_eq!(
        diary.lines(),
        ["open", "00000000", "00000001", "close 1000"]
    );
}

/// wasm-sockets panics when a handler is replaced from inside itself.
#[test]
async fn a_handler_may_replace_itself() {
    let diary = Diary::default();
    let (first, second) = (diary.clone(), diary.clone());
    let socket = WebSocket::builder(url("/burst?count=3&size=8").await)
        .on_message(move |socket, _| {
            first.note("first");
            let second = second.clone();
            socket.set_onmessage(move |socket, message| {
                second.note(message.into_text().unwrap());
                socket.clear_onmessage();
            });
        })
        .open()
        .unwrap();
    diary.until("00000001").await;
    within(10, "the third message", async {
        while socket.stats().messages_received < 3 {
            crate::support::sleep(5).await;
        }
    })
    .await;
    assert_eq!(diary.lines(), ["first", "00000001"]);
}

#[test]
async fn a_handler_may_call_every_method() {
    let diary = Diary::default();
    let note = diary.clone();
    let socket = WebSocket::builder(url("/echo?greet=hello").await)
        .on_open(|socket, _| assert_eq!(socket.try_send("from open").unwrap(), Outcome::Sent))
        .on_message(move |socket, message| {
            assert_eq!(socket.ready_state(), ReadyState::Open);
            assert!(socket.url().starts_with("ws:"));
            assert_eq!(
                (socket.protocol(), socket.extensions()),
                (String::new(), String::new())
            );
            assert!(socket.stats().messages_received > 0);
            let _ = socket.buffered_amount();
            let _ = socket.as_raw().unwrap();
            let _ = socket.controller().stats();
            let _ = format!("{socket:?}");
            drop(socket.closed());
            drop(socket.drained());
            drop(socket.send("never polled"));
            drop(socket.clone().into_stream());
            let note = note.clone();
            socket.set_onclose(move |socket, _| {
                assert!(socket.try_send("too late").is_err());
                socket.close();
                note.note("closed");
            });
            socket.on_error(|_, _| {}).forget();
            socket.on_drain(|_, _| {}).forget();
            socket.set_onopen(|_, _| {});
            socket.clear_onopen();
            if message.as_text() == Some("from open") {
                socket.close();
                assert!(socket.try_send("too late").is_err());
            }
        })
        .open()
        .unwrap();
    diary.until("closed").await;
    assert_eq!(socket.ready_state(), ReadyState::Closed);
    assert_eq!(socket.stats().messages_sent, 1);
}

#[test]
async fn a_listener_may_drop_itself() {
    let diary = Diary::default();
    let own: Rc<RefCell<Option<Listener>>> = Rc::default();
    let socket = WebSocket::open(url("/burst?count=3&size=8").await).unwrap();
    let listener = socket.on_message({
        let (diary, own) = (diary.clone(), own.clone());
        move |_, _| {
            diary.note("once");
            drop(own.take());
        }
    });
    own.replace(Some(listener));
    let _other = socket.on_message({
        let diary = diary.clone();
        move |_, message| diary.note(message.into_text().unwrap())
    });
    diary.until("00000002").await;
    assert_eq!(diary.lines(), ["once", "00000000", "00000001", "00000002"]);
}

#[test]
async fn a_handler_may_drop_the_socket() {
    let (diary, id) = (Diary::default(), unique("drop-in-handler"));
    let own: Rc<RefCell<Option<WebSocket>>> = Rc::default();
    let socket = WebSocket::builder(url(&format!("/burst?count=100&size=8&id={id}")).await)
        .on_message({
            let (diary, own) = (diary.clone(), own.clone());
            move |_, _| {
                diary.note("message");
                drop(own.take());
            }
        })
        .on_close({
            let diary = diary.clone();
            move |_, _| diary.note("close")
        })
        .open()
        .unwrap();
    own.replace(Some(socket));
    assert_eq!(seen_closed(&id).await.1.code, 1000);
    settle().await;
    assert_eq!(
        diary.lines(),
        ["message"],
        "nothing is heard after the last handle is gone"
    );
}

#[test]
async fn every_listener_hears_every_message_and_the_slot_comes_first() {
    let diary = Diary::default();
    let socket = WebSocket::open(url("/echo?greet=hello").await).unwrap();
    let listen = |name: &'static str| {
        let diary = diary.clone();
        socket.on_message(move |_, message| {
            diary.note(format!("{name} {}", message.as_text().unwrap()))
        })
    };
    let first = listen("first");
    let second = listen("second");
    listen("kept").forget();
    socket.set_onmessage({
        let diary = diary.clone();
        move |_, message| diary.note(format!("slot {}", message.as_text().unwrap()))
    });
    diary.until("kept hello").await;
    drop(first);
    socket.try_send("again").unwrap();
    diary.until("kept again").await;
    drop(second);
    let expected = [
        "slot hello",
        "first hello",
        "second hello",
        "kept hello",
        "slot again",
        "second again",
        "kept again",
    ];
    assert_eq!(diary.lines(), expected);
}

#[test]
async fn a_stream_and_handlers_hear_the_same_messages() {
    use futures::StreamExt;
    let diary = Diary::default();
    let note = diary.clone();
    let mut stream = WebSocket::builder(url("/burst?count=3&size=8&then=close").await)
        .on_message(move |_, message| note.note(message.into_text().unwrap()))
        .open_stream()
        .unwrap();
    let mut read = Vec::new();
    while let Some(message) = within(10, "message", stream.next()).await {
        read.push(message.unwrap().into_text().unwrap());
    }
    assert_eq!(read, ["00000000", "00000001", "00000002"]);
    assert_eq!(diary.lines(), read);
}

/// A handler may hold a handle to its own socket: the cycle ends with the connection.
#[test]
async fn handlers_are_dropped_when_the_connection_ends() {
    let held = Rc::new(());
    let socket = WebSocket::open(url("/close/1000?after=50").await).unwrap();
    let (inside, handle) = (held.clone(), socket.clone());
    socket.set_onmessage(move |_, _| drop((inside.clone(), handle.clone())));
    let inside = held.clone();
    socket.on_close(move |_, _| drop(inside.clone())).forget();
    assert_eq!(Rc::strong_count(&held), 3);
    within(10, "close", socket.closed()).await;
    settle().await;
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
async fn handlers_are_dropped_with_the_last_handle() {
    let held = Rc::new(());
    let socket = WebSocket::open(url("/echo").await).unwrap();
    let other = socket.clone();
    let inside = held.clone();
    socket.set_onclose(move |_, _| drop(inside.clone()));
    drop(socket);
    assert_eq!(Rc::strong_count(&held), 2);
    drop(other);
    assert_eq!(Rc::strong_count(&held), 1);
    settle().await;
}

#[test]
async fn a_second_stream_is_an_error_that_gives_the_handle_back() {
    let socket = WebSocket::open(url("/echo").await).unwrap();
    let _stream = socket.clone().into_stream().unwrap();
    let taken = socket.into_stream().unwrap_err();
    assert_eq!(taken.0.ready_state(), ReadyState::Connecting);
}

/// An error is told, but only the close ends a connection, and it comes once.
#[test]
async fn trouble_is_an_error_and_then_one_close() {
    let diary = Diary::default();
    let errors = Rc::new(Cell::new(0));
    let _socket = WebSocket::builder(url("/refuse").await)
        .on_error({
            let (diary, errors) = (diary.clone(), errors.clone());
            move |_, _| {
                errors.set(errors.get() + 1);
                diary.note("error");
            }
        })
        .on_close({
            let diary = diary.clone();
            move |_, _| diary.note("close")
        })
        .open()
        .unwrap();
    diary.until("close").await;
    settle().await;
    assert_eq!(diary.lines(), ["error", "close"]);
    assert_eq!(errors.get(), 1);
}
