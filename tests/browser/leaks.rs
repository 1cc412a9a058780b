//! What is left behind: nothing.

use futures::{FutureExt, SinkExt, StreamExt};
use sluicegate::WebSocket;
use wasm_bindgen::externref_heap_live_count;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{Diary, print, settle, url, within};

fn wasm_memory() -> u32 {
    let memory: js_sys::WebAssembly::Memory =
        wasm_bindgen::JsCast::unchecked_into(wasm_bindgen::memory());
    let buffer: js_sys::ArrayBuffer = wasm_bindgen::JsCast::unchecked_into(memory.buffer());
    buffer.byte_length()
}

/// One connection by stream and one by handlers, with futures dropped on the way.
async fn cycle(address: &str) {
    let mut stream = within(10, "connect", sluicegate::connect(address))
        .await
        .unwrap();
    stream.send("hello".into()).await.unwrap();
    let socket = stream.socket().clone();
    assert!(socket.closed().now_or_never().is_none());
    let _ = socket.drained().now_or_never();
    within(10, "echo", stream.next()).await.unwrap().unwrap();
    assert!(stream.next().now_or_never().is_none());
    within(10, "close", stream.close()).await.unwrap();
}

async fn cycle_with_handlers(address: &str) {
    let diary = Diary::default();
    let note = diary.clone();
    let socket = WebSocket::builder(address)
        .on_open(|socket, _| {
            socket.try_send("hello").unwrap();
        })
        .on_message(|socket, _| socket.close())
        .on_close(move |_, _| note.note("close"))
        .open()
        .unwrap();
    within(10, "close", socket.closed()).await;
    assert!(diary.has("close"));
}

/// yawc leaked three closures a connection, yew-hooks and ewebsock four.
#[test]
async fn a_thousand_connections_leave_nothing_behind() {
    let address = url("/echo").await;
    for _ in 0..25 {
        cycle(&address).await;
        cycle_with_handlers(&address).await;
    }
    settle().await;
    let (references, memory) = (externref_heap_live_count(), wasm_memory());
    for _ in 0..500 {
        cycle(&address).await;
        cycle_with_handlers(&address).await;
    }
    settle().await;
    let (references_after, memory_after) = (externref_heap_live_count(), wasm_memory());
    print(&format!(
        "1,000 connections: {references} live JavaScript references before, {references_after} after; \
         wasm memory {} KiB before, {} KiB after",
        memory >> 10,
        memory_after >> 10,
    ));
    assert_eq!(references_after, references);
    assert_eq!(memory_after, memory);
}

#[test]
async fn a_connection_that_is_dropped_at_any_point_leaves_nothing_behind() {
    let address = url("/echo").await;
    let mut counts = Vec::new();
    for _ in 0..3 {
        for _ in 0..20 {
            let mut connect = sluicegate::connect(&*address);
            let _ = (&mut connect).now_or_never();
            drop(connect);
            drop(WebSocket::open(&*address).unwrap());
            let stream = within(10, "connect", sluicegate::connect(&*address))
                .await
                .unwrap();
            stream.socket().try_send("echo me").unwrap();
            drop(stream);
        }
        settle().await;
        counts.push(externref_heap_live_count());
    }
    assert_eq!(counts[1], counts[2], "{counts:?}");
}
