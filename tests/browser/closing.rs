//! How connections end, from either side.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::json;
use sluicegate::{
    CloseFrame, Message, Options, ReadyState, StreamError, TrySendError, WebSocket, WebSocketStream,
};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{Diary, script, seen, seen_closed, settle, sleep, unique, url, within};

async fn connect(path: &str) -> WebSocketStream {
    within(20, "connect", sluicegate::connect(url(path).await))
        .await
        .unwrap()
}

#[test]
async fn the_peers_code_and_reason_arrive_verbatim() {
    for (code, reason) in [
        (1000, ""),
        (1000, "done"),
        (3000, "a"),
        (4001, "grüß dich"),
        (4999, ""),
    ] {
        let reason_in_url = js_sys::encode_uri_component(reason).as_string().unwrap();
        let stream = connect(&format!("/close/{code}?reason={reason_in_url}")).await;
        let close = within(10, "close", stream.socket().closed()).await;
        assert_eq!((close.code, close.reason.as_str()), (code, reason));
        assert!(close.was_clean);
    }
    let close = within(10, "close", connect("/close/none").await.socket().closed()).await;
    assert_eq!((close.code, close.reason.as_str()), (1005, ""));
}

#[test]
async fn a_stream_ends_quietly_after_a_normal_close() {
    for path in ["/close/1000", "/close/1001", "/close/none"] {
        let mut stream = connect(path).await;
        for _ in 0..3 {
            assert_eq!(within(10, path, stream.next()).await, None, "{path}");
        }
    }
}

/// websocket-web yields an error on every poll after the end, so that a loop never ends.
#[test]
async fn a_stream_ends_with_one_error_after_any_other_close() {
    for (path, code) in [
        ("/close/4001?reason=why", 4001),
        ("/close/1011", 1011),
        ("/drop", 1006),
    ] {
        let mut stream = connect(path).await;
        match within(10, path, stream.next()).await {
            Some(Err(StreamError::Closed(close))) => assert_eq!(close.code, code, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
        for _ in 0..1000 {
            assert_eq!(within(10, path, stream.next()).await, None, "{path}");
        }
    }
}

#[test]
async fn what_arrived_before_the_close_is_read_before_the_end() {
    let mut stream = connect("/burst?count=100&size=100&then=close").await;
    within(10, "close", stream.socket().closed()).await;
    for index in 0..100 {
        let message = within(5, "message", stream.next()).await;
        assert!(
            message.is_some_and(|message| message.is_ok()),
            "message {index}"
        );
    }
    assert_eq!(stream.next().await, None);
}

/// gloo-net's `close(None, Some(reason))` passes 1005, which every browser rejects.
#[test]
async fn a_reason_always_travels_with_a_code() {
    for (code, reason) in [(1000, "done"), (4001, &*"é".repeat(61))] {
        let id = unique("reason");
        let stream = connect(&format!("/echo?id={id}")).await;
        stream
            .socket()
            .close_with(CloseFrame::try_from((code, reason)).unwrap());
        let close = within(10, "close", stream.socket().closed()).await;
        assert_eq!(close.code, code);
        let (_, seen) = seen_closed(&id).await;
        assert_eq!((seen.code, seen.reason.as_str()), (code, reason));
    }
}

#[test]
async fn only_the_first_close_counts() {
    let id = unique("first");
    let stream = connect(&format!("/echo?id={id}")).await;
    let socket = stream.socket();
    socket.close_with(CloseFrame::try_from((4001, "first")).unwrap());
    socket.close_with(CloseFrame::try_from((4002, "second")).unwrap());
    socket.close();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(within(10, "close", socket.closed()).await.code, 4001);
    socket.close();
    assert_eq!(seen_closed(&id).await.1.reason, "first");
    let again = within(1, "the same again", socket.closed()).await;
    assert_eq!(again.code, 4001);
}

/// gloo-net and most peers report a send in CLOSING and CLOSED as success: the browser does not
/// throw, and the message is gone.
#[test]
async fn a_send_after_close_gives_the_message_back() {
    let id = unique("after-close");
    let mut stream = connect(&format!("/sink?id={id}")).await;
    stream.send("before".into()).await.unwrap();
    let socket = stream.socket().clone();
    socket.close();
    for state in [ReadyState::Closing, ReadyState::Closed] {
        assert_eq!(socket.ready_state(), state);
        let refused = socket.try_send("lost").unwrap_err();
        assert_eq!(refused, TrySendError::Closed("lost".into()));
        let refused = within(1, "send", socket.send("lost")).await.unwrap_err();
        assert_eq!(refused.into_inner(), Message::from("lost"));
        match within(1, "sink", stream.send("lost".into())).await {
            Err(StreamError::Send(error)) => assert_eq!(error.into_inner(), "lost".into()),
            other => panic!("{other:?}"),
        }
        within(10, "close", socket.closed()).await;
    }
    assert_eq!(socket.stats().messages_sent, 1);
    assert_eq!(seen_closed(&id).await.0.received.messages, 1);
}

/// Between the peer's Close frame and the close event Chromium is in CLOSING for 2 s when the peer
/// leaves the TCP connection open: what is sent then is swallowed by the browser.
#[test]
async fn a_send_after_the_peer_closed_is_no_success() {
    let (name, id) = (unique("half-closed"), unique("half-closed"));
    // A Close frame with 1000, and the connection stays open.
    script(
        &name,
        json!([{ "expect": "go" }, { "raw": "iAID6A==" }, { "pause": true }, { "wait": 3000 }]),
    )
    .await;
    let stream = connect(&format!("/script/{name}?id={id}")).await;
    let socket = stream.socket();
    socket.try_send("go").unwrap();
    within(10, "the peer's close", async {
        while socket.ready_state() == ReadyState::Open {
            sleep(1).await;
        }
    })
    .await;
    assert_eq!(
        socket.try_send("lost").unwrap_err(),
        TrySendError::Closed("lost".into())
    );
    let close = within(10, "close", socket.closed()).await;
    assert_eq!(close.code, 1000);
    assert_eq!(socket.stats().messages_sent, 1);
}

/// gloo-net's `close` on a split sink is `Ready(Ok(()))` and closes nothing.
#[test]
async fn closing_a_split_half_closes_the_connection() {
    let id = unique("split");
    let (mut sender, mut receiver) = connect(&format!("/echo?id={id}")).await.into_split();
    sender.send("last words".into()).await.unwrap();
    assert_eq!(
        within(10, "echo", receiver.next()).await,
        Some(Ok("last words".into()))
    );
    within(10, "close", sender.close()).await.unwrap();
    assert_eq!(sender.socket().ready_state(), ReadyState::Closed);
    assert_eq!(within(1, "the end", receiver.next()).await, None);
    assert_eq!(seen_closed(&id).await.1.code, 1000);
    within(1, "close again", sender.close()).await.unwrap();
}

#[test]
async fn dropping_both_halves_closes_with_1000() {
    let id = unique("halves");
    let (sender, receiver) = connect(&format!("/echo?id={id}")).await.into_split();
    drop(sender);
    sleep(50).await;
    assert_eq!(seen(&id).await.unwrap().state, "open");
    drop(receiver);
    assert_eq!(seen_closed(&id).await.1.code, 1000);
    settle().await;
}

/// ws_stream_wasm's close future hangs for ever once the stream is dropped.
#[test]
async fn a_close_future_resolves_whatever_is_dropped() {
    let stream = connect("/echo").await;
    let controller = stream.socket().controller();
    let closed = stream.socket().closed();
    assert_eq!(controller.ready_state(), ReadyState::Open);
    drop(stream);
    assert_eq!(controller.ready_state(), ReadyState::Closed);
    assert_eq!(within(1, "closed", closed).await.code, 1006);
    assert_eq!(
        within(1, "closed again", controller.closed()).await.code,
        1006
    );
    controller.close();
}

#[test]
async fn a_controller_closes_from_outside() {
    let id = unique("controller");
    let (mut sender, mut receiver) = connect(&format!("/echo?id={id}")).await.into_split();
    let controller = sender.socket().controller();
    controller.close_with(CloseFrame::try_from((4000, "enough")).unwrap());
    assert!(sender.send("late".into()).await.is_err());
    let close = within(10, "close", controller.closed()).await;
    assert_eq!(close.code, 4000);
    assert!(matches!(
        within(1, "end", receiver.next()).await,
        Some(Err(StreamError::Closed(_)))
    ));
    assert_eq!(seen_closed(&id).await.1.reason, "enough");
}

#[test]
async fn closing_while_connecting_gives_the_attempt_up() {
    let diary = Diary::default();
    let note = |what: &'static str| {
        let diary = diary.clone();
        move || diary.note(what)
    };
    let (open, close) = (note("open"), note("close"));
    let socket = WebSocket::builder(url("/hang").await)
        .on_open(move |_, _| open())
        .on_close(move |_, event| {
            assert_eq!((event.code, event.was_clean), (1006, false));
            close();
        })
        .open()
        .unwrap();
    socket.try_send("never").unwrap();
    socket.close();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(within(10, "close", socket.closed()).await.code, 1006);
    settle().await;
    assert_eq!(diary.lines(), ["close"]);
    assert_eq!(socket.stats().dropped.total(), 1);
}

#[test]
async fn what_was_queued_leaves_before_the_close() {
    let id = unique("queued");
    let socket = WebSocket::builder(url(&format!("/sink?id={id}")).await)
        .options(Options::new().high_water_mark(1000).low_water_mark(250))
        .on_open(|socket, _| {
            assert!(socket.stats().messages_queued > 0, "the gate is shut");
            socket.close();
            assert_eq!(socket.stats().messages_queued, 0);
        })
        .open()
        .unwrap();
    for _ in 0..50 {
        socket.try_send(vec![7; 1000]).unwrap();
    }
    assert_eq!(within(10, "close", socket.closed()).await.code, 1000);
    assert_eq!(seen_closed(&id).await.0.received.messages, 50);
}

/// Alone, Chromium waits 60 s and Firefox 20 s for a peer that never answers a close.
#[test]
async fn a_deaf_peer_is_given_up() {
    let stream = WebSocket::builder(url("/deaf?read=1").await)
        .options(Options::new().close_timeout(Duration::from_millis(500)))
        .connect();
    let mut stream = within(10, "connect", stream).await.unwrap();
    stream.send("hello?".into()).await.unwrap();
    stream.socket().close();
    let close = within(4, "close", stream.socket().closed()).await;
    assert_eq!((close.code, close.was_clean), (1006, false));
    assert!(matches!(
        stream.next().await,
        Some(Err(StreamError::Closed(_)))
    ));
    settle().await;
}

#[test]
async fn a_deaf_peer_is_given_up_after_five_seconds_by_default() {
    let started = js_sys::Date::now();
    let stream = connect("/deaf?read=1").await;
    stream.socket().close();
    let close = within(20, "close", stream.socket().closed()).await;
    let elapsed = js_sys::Date::now() - started;
    assert_eq!(close.code, 1006);
    assert!(elapsed > 4_500.0, "{elapsed} ms");
}

/// websocket-web panics on a reason of 124 bytes; here it cannot even be asked for.
#[test]
async fn an_overlong_reason_is_an_error_or_cut() {
    let id = unique("long");
    let long = "é".repeat(100);
    assert!(CloseFrame::try_from((4000, &*long)).is_err());
    assert!(CloseFrame::try_from((1006, "")).is_err());
    let stream = connect(&format!("/echo?id={id}")).await;
    let frame = CloseFrame::new(
        4000.try_into().unwrap(),
        sluicegate::CloseReason::truncated(&long),
    );
    stream.socket().close_with(frame);
    within(10, "close", stream.socket().closed()).await;
    assert_eq!(seen_closed(&id).await.1.reason, "é".repeat(61));
}

#[test]
async fn closing_the_sink_of_a_lost_connection_is_an_error() {
    let mut stream = connect("/drop").await;
    within(10, "close", stream.socket().closed()).await;
    match within(1, "close", stream.close()).await {
        Err(StreamError::Closed(close)) => assert_eq!(close.code, 1006),
        other => panic!("{other:?}"),
    }
}
