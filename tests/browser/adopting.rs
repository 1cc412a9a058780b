//! From and to `web_sys`.

use sluicegate::{Outcome, ReadyState, StreamError, WebSocket};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

use futures::StreamExt;

use crate::support::{Diary, seen_closed, settle, sleep, unique, url, within};

/// A raw socket whose owner has handlers of its own.
async fn owned(path: &str, diary: &Diary) -> web_sys::WebSocket {
    let raw = web_sys::WebSocket::new(&url(path).await).unwrap();
    let note = diary.clone();
    let on_message = Closure::<dyn Fn(web_sys::Event)>::new(move |_| note.note("owner"));
    raw.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    raw
}

#[test]
async fn a_connecting_socket_is_adopted_and_its_owner_still_hears() {
    let diary = Diary::default();
    let raw = owned("/echo", &diary).await;
    let socket = WebSocket::try_from(raw.clone()).unwrap();
    assert_eq!(socket.try_send("early").unwrap(), Outcome::Queued);
    assert_eq!(raw.binary_type(), web_sys::BinaryType::Arraybuffer);
    let note = diary.clone();
    socket.set_onmessage(move |_, message| note.note(message.into_text().unwrap()));
    diary.until("early").await;
    assert_eq!(diary.lines(), ["owner", "early"]);
    assert_eq!(socket.ready_state(), ReadyState::Open);
    assert_eq!(socket.url(), raw.url());
}

#[test]
async fn an_open_socket_is_adopted_and_closed_on_drop() {
    let (diary, id) = (Diary::default(), unique("adopted"));
    let raw = owned(&format!("/echo?id={id}"), &diary).await;
    within(10, "open", async {
        while raw.ready_state() != web_sys::WebSocket::OPEN {
            sleep(5).await;
        }
    })
    .await;
    let socket = WebSocket::try_from(raw.clone()).unwrap();
    assert_eq!(socket.try_send("now").unwrap(), Outcome::Sent);
    diary.until("owner").await;
    drop(socket);
    assert_eq!(seen_closed(&id).await.1.code, 1000);
    assert!(
        WebSocket::try_from(raw.clone()).unwrap_err().0 == raw,
        "a closed one comes back"
    );
    settle().await;
}

#[test]
async fn what_others_send_on_the_raw_socket_counts_for_the_gate() {
    let stream = within(10, "connect", sluicegate::connect(url("/sink").await))
        .await
        .unwrap();
    let raw = stream.socket().as_raw().unwrap();
    raw.send_with_js_u8_array(&js_sys::Uint8Array::new_with_length(2 << 20))
        .unwrap();
    assert_eq!(stream.socket().try_send("after").unwrap(), Outcome::Queued);
    within(10, "drained", stream.socket().drained())
        .await
        .unwrap();
}

/// Peers panic on a blob. It cannot be read in order, so it is told in its place.
#[test]
async fn a_blob_is_an_error_in_its_place_and_nothing_else() {
    let stream = within(10, "connect", sluicegate::connect(url("/echo").await)).await;
    let mut stream = stream.unwrap();
    let diary = Diary::default();
    let note = diary.clone();
    stream.socket().set_onerror(move |_, _| note.note("error"));
    let raw = stream.socket().as_raw().unwrap();
    raw.set_binary_type(web_sys::BinaryType::Blob);
    stream.socket().try_send("before").unwrap();
    stream.socket().try_send([1, 2, 3]).unwrap();
    stream.socket().try_send("after").unwrap();
    assert_eq!(
        within(10, "text", stream.next()).await,
        Some(Ok("before".into()))
    );
    assert_eq!(
        within(10, "blob", stream.next()).await,
        Some(Err(StreamError::Unreadable))
    );
    assert_eq!(
        within(10, "text", stream.next()).await,
        Some(Ok("after".into()))
    );
    assert_eq!(diary.lines(), ["error"]);
    assert_eq!(stream.socket().stats().messages_unreadable, 1);
}

/// Made-up events may come at any time, on any page.
#[test]
async fn made_up_events_do_no_harm() {
    let stream = within(10, "connect", sluicegate::connect(url("/echo").await)).await;
    let mut stream = stream.unwrap();
    let raw = stream.socket().as_raw().unwrap();
    for kind in ["open", "error", "message", "close"] {
        raw.dispatch_event(&web_sys::Event::new(kind).unwrap())
            .unwrap();
    }
    assert_eq!(
        within(1, "no data", stream.next()).await,
        Some(Err(StreamError::Unreadable))
    );
    stream.socket().try_send("still here").unwrap();
    assert_eq!(
        within(10, "echo", stream.next()).await,
        Some(Ok("still here".into()))
    );
    raw.dispatch_event(&web_sys::Event::new("close").unwrap())
        .unwrap();
    assert_eq!(
        stream.socket().ready_state(),
        ReadyState::Open,
        "only the browser can close"
    );
    stream.socket().close();
    assert_eq!(
        within(10, "close", stream.socket().closed()).await.code,
        1000
    );
    raw.dispatch_event(&web_sys::Event::new("close").unwrap())
        .unwrap();
    settle().await;
}

/// A socket of another window: its classes are others, and it may go away with its page.
#[test]
async fn a_socket_of_a_lost_page_does_no_harm() {
    let document = web_sys::window().unwrap().document().unwrap();
    let frame: web_sys::HtmlIFrameElement =
        document.create_element("iframe").unwrap().unchecked_into();
    document.body().unwrap().append_child(&frame).unwrap();
    let window = frame.content_window().unwrap();
    let constructor = js_sys::Reflect::get(&window, &"WebSocket".into()).unwrap();
    let address = js_sys::Array::of1(&url("/echo").await.into());
    let raw = js_sys::Reflect::construct(constructor.unchecked_ref::<js_sys::Function>(), &address)
        .unwrap();
    let socket = WebSocket::try_from(raw.unchecked_into::<web_sys::WebSocket>()).unwrap();
    let mut stream = socket.into_stream().unwrap();
    stream.socket().try_send([1, 2, 3]).unwrap();
    stream.socket().try_send("text").unwrap();
    assert_eq!(
        within(10, "binary", stream.next()).await,
        Some(Ok([1, 2, 3].into()))
    );
    assert_eq!(
        within(10, "text", stream.next()).await,
        Some(Ok("text".into()))
    );
    frame.remove();
    settle().await;
    let _ = stream.socket().try_send("into the void");
    let _ = stream.socket().stats();
    stream.socket().close();
    sleep(100).await;
    drop(stream);
    settle().await;
}
