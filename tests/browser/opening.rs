//! Connecting, and everything that keeps a connection from coming to be.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::task::noop_waker;
use js_sys::{Function, Reflect, global};
use sluicegate::{ConnectError, InvalidOption, Options, ReadyState, UrlFault, WebSocket};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{Diary, seen, seen_closed, settle, sleep, unique, url, within};

#[test]
async fn the_server_chooses_among_several_protocols() {
    // tokio-tungstenite-wasm joins several subprotocols into one and always fails.
    let builder = WebSocket::builder(url("/protocol?select=chat.v2").await);
    let builder = builder.protocols(["chat.v1", "chat.v2"]);
    let mut stream = within(10, "connect", builder.connect()).await.unwrap();
    assert_eq!(stream.socket().protocol(), "chat.v2");
    let told = within(10, "what was asked", stream.next())
        .await
        .unwrap()
        .unwrap();
    let told: serde_json::Value = serde_json::from_str(told.as_text().unwrap()).unwrap();
    assert_eq!(told["requested"], serde_json::json!(["chat.v1", "chat.v2"]));
}

#[test]
async fn the_open_event_says_what_was_agreed() {
    let diary = Diary::default();
    let socket = WebSocket::builder(url("/protocol?select=first").await)
        .protocols(["a", "b"])
        .on_open({
            let diary = diary.clone();
            move |socket, open| {
                assert_eq!(socket.ready_state(), ReadyState::Open);
                diary.note(format!("open {} {}", open.protocol, open.extensions));
            }
        })
        .open()
        .unwrap();
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    assert_eq!(socket.protocol(), "");
    diary.until("open a ").await;
    assert_eq!(socket.extensions(), "");
}

#[test]
async fn urls_are_resolved_by_the_browser_and_shown_without_secrets() {
    let address = url("/echo?token=secret").await;
    let socket = WebSocket::open(address.clone()).unwrap();
    assert_eq!(socket.url(), address);
    assert!(!format!("{socket:?}").contains("secret"), "{socket:?}");
    let socket = WebSocket::open("/nowhere?token=secret").unwrap();
    assert!(
        socket.url().starts_with("ws://127.0.0.1:"),
        "{}",
        socket.url()
    );
    assert!(socket.url().ends_with("/nowhere?token=secret"));
}

#[test]
async fn every_invalid_url_is_a_typed_error() {
    settle().await;
    let faults = [
        ("", UrlFault::Empty),
        ("ws://h/#", UrlFault::Fragment),
        ("/path#fragment", UrlFault::Fragment),
        ("ftp://h/", UrlFault::Scheme),
        ("javascript:alert(1)", UrlFault::Scheme),
        ("ws://", UrlFault::Malformed),
        ("ws://h:65536/", UrlFault::Malformed),
        ("ws://[::1", UrlFault::Malformed),
        (
            "ws://user:secret@h:99999/?token=secret",
            UrlFault::Malformed,
        ),
    ];
    for (address, expected) in faults {
        match WebSocket::open(address) {
            Err(ConnectError::InvalidUrl { fault, url }) => {
                assert_eq!(fault, expected, "{address}");
                assert!(!format!("{url} {url:?}").contains("secret"));
            }
            other => panic!("{address}: {other:?}"),
        }
    }
}

/// ws_stream_wasm reports a duplicate subprotocol as an invalid URL.
#[test]
async fn every_invalid_protocol_is_a_typed_error() {
    let address = url("/echo").await;
    for name in ["", "a b", "a,b", "a/b", "a:b", "é", "a\u{7f}", "{}"] {
        let result = WebSocket::builder(&*address).protocols([name]).open();
        assert_eq!(
            result.unwrap_err(),
            ConnectError::InvalidProtocol(name.into())
        );
    }
    let result = WebSocket::builder(&*address)
        .protocols(["a", "b", "a"])
        .open();
    assert_eq!(
        result.unwrap_err(),
        ConnectError::DuplicateProtocol("a".into())
    );
}

#[test]
async fn every_senseless_option_is_a_typed_error() {
    let address = url("/echo").await;
    let options = Options::new();
    let senseless = [
        (
            options.high_water_mark(0).low_water_mark(0),
            InvalidOption::HighWaterMark,
        ),
        (options.low_water_mark(2 << 20), InvalidOption::LowWaterMark),
        (options.capacity(63), InvalidOption::Capacity),
        (
            options.capacity_messages(0),
            InvalidOption::CapacityMessages,
        ),
        (options.inbox_capacity(0), InvalidOption::InboxCapacity),
    ];
    for (options, expected) in senseless {
        let result = WebSocket::builder(&*address).options(options).open();
        assert_eq!(result.unwrap_err(), ConnectError::InvalidOption(expected));
    }
}

#[test]
async fn a_connection_that_fails_says_so_anywhere() {
    let diary = Diary::default();
    for path in ["/refuse", "/refuse?status=500", "/no-such-endpoint"] {
        let result = within(30, path, sluicegate::connect(url(path).await)).await;
        match result {
            Err(ConnectError::Failed(close)) => {
                assert_eq!((close.code, close.was_clean), (1006, false), "{path}");
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    let _socket = WebSocket::builder(url("/refuse").await)
        .on_open({
            let diary = diary.clone();
            move |_, _| diary.note("open")
        })
        .on_close({
            let diary = diary.clone();
            move |_, close| diary.note(format!("close {}", close.code))
        })
        .open()
        .unwrap();
    diary.until("close 1006").await;
    settle().await;
    assert_eq!(diary.lines(), ["close 1006"], "exactly one, and no open");
}

/// tokio-tungstenite-wasm leaves its callbacks behind: "closure invoked recursively or after being
/// dropped", and an open socket.
#[test]
async fn dropping_connect_closes_the_socket() {
    let id = unique("dropped");
    let address = url(&format!("/echo?id={id}")).await;
    {
        let mut connect = pin!(sluicegate::connect(address));
        let waker = noop_waker();
        assert!(
            connect
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    sleep(300).await;
    settle().await;
    let seen = seen(&id).await;
    assert!(
        seen.is_none_or(|seen| seen.state == "closed"),
        "still connected"
    );
}

#[test]
async fn connect_does_nothing_before_it_is_polled() {
    let id = unique("lazy");
    drop(sluicegate::connect(url(&format!("/echo?id={id}")).await));
    sleep(100).await;
    assert!(seen(&id).await.is_none());
}

#[test]
async fn connect_may_be_polled_late() {
    let mut connect = pin!(sluicegate::connect(url("/echo?greet=hello").await));
    let waker = noop_waker();
    let mut stream = loop {
        match connect.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(stream) => break stream.unwrap(),
            Poll::Pending => sleep(100).await,
        }
    };
    assert_eq!(
        within(10, "the greeting", stream.next()).await,
        Some(Ok("hello".into()))
    );
}

#[test]
async fn a_dropped_socket_in_connecting_is_closed() {
    let id = unique("hang");
    let socket = WebSocket::open(url(&format!("/hang?id={id}")).await).unwrap();
    within(10, "the handshake", async {
        while seen(&id).await.is_none() {
            sleep(20).await;
        }
    })
    .await;
    drop(socket);
    // The address is free again: a hung handshake would block it in Chromium and Firefox.
    let next = sluicegate::connect(url("/echo").await);
    drop(within(10, "the next one", next).await.unwrap());
}

/// The browser's constructor, replaced for the time of a test.
struct Replaced(JsValue);

impl Replaced {
    fn with(constructor: &JsValue) -> Self {
        let original = Reflect::get(&global(), &"WebSocket".into()).unwrap();
        Reflect::set(&global(), &"WebSocket".into(), constructor).unwrap();
        Self(original)
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        Reflect::set(&global(), &"WebSocket".into(), &self.0).unwrap();
    }
}

#[test]
async fn an_environment_without_websocket_is_named_anywhere() {
    let address = url("/echo").await;
    let result = {
        let _replaced = Replaced::with(&JsValue::UNDEFINED);
        WebSocket::open(address)
    };
    assert_eq!(result.unwrap_err(), ConnectError::Unsupported);
    settle().await;
}

/// Firefox throws a bare object under a content security policy, WebKitGTK a `SecurityError`.
#[test]
async fn whatever_the_constructor_throws_is_a_typed_error() {
    let address = url("/echo?token=secret").await;
    let thrown = [
        "throw { name: 'NS_ERROR_CONTENT_BLOCKED' }",
        "throw new DOMException('no', 'SecurityError')",
        "throw undefined",
        "throw { get name() { throw 1 } }",
    ];
    for body in thrown {
        let constructor: JsValue = Function::new_no_args(body).into();
        let result = {
            let _replaced = Replaced::with(&constructor);
            WebSocket::open(address.clone())
        };
        match result {
            Err(error @ ConnectError::Blocked { .. }) => {
                assert!(!format!("{error} {error:?}").contains("secret"));
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    settle().await;
}

#[test]
async fn a_server_that_closes_at_once_is_no_failed_connect() {
    let id = unique("at-once");
    let stream = sluicegate::connect(url(&format!("/close/4001?id={id}")).await);
    let stream = within(10, "connect", stream).await.unwrap();
    let close = within(10, "close", stream.socket().closed()).await;
    assert_eq!(close.code, 4001);
    assert_eq!(seen_closed(&id).await.1.code, 4001);
}
