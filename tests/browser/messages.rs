//! Messages there and back.

use futures::{SinkExt, StreamExt};
use js_sys::{Function, Reflect, global};
use sluicegate::{Message, Outcome, ReadyState, WebSocket};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{settle, sleep, url, within};

#[test]
async fn text_and_binary_come_back_anywhere() {
    let url = url("/echo").await;
    let mut stream = within(10, "connect", sluicegate::connect(url))
        .await
        .unwrap();
    assert_eq!(stream.socket().ready_state(), ReadyState::Open);
    let messages = [
        Message::from("grüß dich 🦀"),
        Message::from([0, 1, 255]),
        Message::from(""),
    ];
    for message in messages {
        stream.send(message.clone()).await.unwrap();
        let back = within(10, "echo", stream.next()).await.unwrap().unwrap();
        assert_eq!(back, message);
    }
    within(10, "close", stream.close()).await.unwrap();
    assert_eq!(stream.next().await, None);
}

/// With wasm threads a view of wasm memory makes `send` throw, so several peers cannot send binary.
#[test]
async fn binary_from_shared_memory_arrives() {
    let stream = sluicegate::connect(url("/echo").await);
    let mut stream = within(10, "connect", stream).await.unwrap();
    let bytes: Vec<u8> = (0..100_000_u32).map(|index| index as u8).collect();
    for _ in 0..3 {
        stream.send(bytes.clone().into()).await.unwrap();
        stream.send("and text".into()).await.unwrap();
    }
    for _ in 0..3 {
        let back = within(10, "echo", stream.next()).await.unwrap().unwrap();
        assert_eq!(back, Message::from(bytes.clone()));
        let back = within(10, "echo", stream.next()).await.unwrap().unwrap();
        assert_eq!(back, Message::from("and text"));
    }
}

/// gloo-net 0.7 makes a `Blob` of every binary message, which costs 18–20 times the time.
#[test]
async fn binary_is_never_sent_as_a_blob() {
    let stream = sluicegate::connect(url("/echo").await);
    let mut stream = within(10, "connect", stream).await.unwrap();
    let blob = Reflect::get(&global(), &"Blob".into()).unwrap();
    let throws = Function::new_no_args("throw new Error('a Blob was made')");
    Reflect::set(&global(), &"Blob".into(), &throws).unwrap();
    let outcome = stream.socket().try_send([1, 2, 3]);
    Reflect::set(&global(), &"Blob".into(), &blob).unwrap();
    assert_eq!(outcome, Ok(Outcome::Sent));
    let back = within(10, "echo", stream.next()).await;
    assert_eq!(back, Some(Ok([1, 2, 3].into())));
}

/// ewebsock switches to blobs after a binary send, and delivers them after later text.
#[test]
async fn text_and_binary_keep_their_order() {
    let stream = sluicegate::connect(url("/echo").await);
    let mut stream = within(10, "connect", stream).await.unwrap();
    let messages: Vec<Message> = (0..200_u32)
        .map(|index| match index % 2 {
            0 => Message::from(index.to_le_bytes()),
            _ => Message::from(index.to_string()),
        })
        .collect();
    for message in &messages {
        stream.send(message.clone()).await.unwrap();
    }
    for message in &messages {
        let back = within(10, "echo", stream.next()).await.unwrap().unwrap();
        assert_eq!(&back, message);
    }
}

/// ws_stream_wasm installs its message handler after an await, and loses what the server sends on
/// open when the future is polled late.
#[test]
async fn the_first_message_is_kept_when_polled_late() {
    let mut stream = WebSocket::builder(url("/echo?greet=hello").await)
        .open_stream()
        .unwrap();
    sleep(300).await;
    let first = within(10, "the greeting", stream.next()).await;
    assert_eq!(first, Some(Ok("hello".into())));
}

#[test]
async fn large_messages_come_back_whole() {
    let stream = sluicegate::connect(url("/echo").await);
    let mut stream = within(10, "connect", stream).await.unwrap();
    let bytes: Vec<u8> = (0..8_u32 << 20).map(|index| (index % 251) as u8).collect();
    stream.send(bytes.clone().into()).await.unwrap();
    let back = within(30, "8 MiB of binary", stream.next())
        .await
        .unwrap()
        .unwrap();
    assert!(back == Message::from(bytes));
    let text = "é".repeat(4 << 20);
    stream.send(text.clone().into()).await.unwrap();
    let back = within(30, "8 MiB of text", stream.next())
        .await
        .unwrap()
        .unwrap();
    assert!(back == Message::from(text));
}

#[test]
async fn messages_and_bytes_are_counted_as_utf8() {
    let stream = sluicegate::connect(url("/echo").await);
    let mut stream = within(10, "connect", stream).await.unwrap();
    stream.send("äöü".into()).await.unwrap();
    stream.send([1, 2].into()).await.unwrap();
    let sent = stream.socket().stats();
    assert_eq!((sent.messages_sent, sent.bytes_sent), (2, 8));
    assert_eq!(sent.buffered_amount, 8, "the browser counts the same");
    let kept = within(10, "both", async {
        while stream.socket().stats().messages_unread < 2 {
            sleep(5).await;
        }
        stream.socket().stats()
    });
    let kept = kept.await;
    assert_eq!((kept.messages_received, kept.bytes_received), (2, 8));
    assert_eq!((kept.messages_unread, kept.bytes_unread), (2, 8));
    within(10, "echo", stream.next()).await.unwrap().unwrap();
    assert_eq!(stream.socket().stats().bytes_unread, 2);
    drop(stream);
    settle().await;
}

/// A stream has an inbox; a socket with handlers, or with nothing, keeps nothing.
#[test]
async fn without_a_stream_nothing_is_kept() {
    let socket = WebSocket::open(url("/burst?count=100&size=100").await).unwrap();
    within(10, "the burst", async {
        while socket.stats().messages_received < 100 {
            sleep(5).await;
        }
    })
    .await;
    assert_eq!(socket.stats().messages_unread, 0);
    let (sender, receiver) = socket.clone().into_stream().unwrap().into_split();
    drop(receiver);
    drop(sender);
    assert_eq!(socket.ready_state(), ReadyState::Open, "a handle is left");
    assert!(socket.into_stream().is_ok(), "the place is free again");
}
