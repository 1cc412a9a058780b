//! Flow control on real traffic, with the figures printed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use sluicegate::{Options, ReadyState, Stats, WebSocket, WebSocketStream};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{is_webkit, print, sleep, url, within};

const TOTAL: u64 = 48 << 20;
const SIZE: usize = 16 << 10;
const MARK: u64 = 1 << 20;
const COUNT: u32 = (TOTAL / SIZE as u64) as u32;

async fn connect(path: &str, options: Options) -> WebSocketStream {
    let builder = WebSocket::builder(url(path).await).options(options);
    within(10, "connect", builder.connect()).await.unwrap()
}

/// A message that begins with its number.
fn numbered(index: u32) -> Vec<u8> {
    let mut bytes = vec![0; SIZE];
    bytes[..4].copy_from_slice(&index.to_le_bytes());
    bytes
}

/// Sends everything through `SinkExt::send` and returns the highest `bufferedAmount`.
async fn send_all(stream: &mut WebSocketStream) -> u64 {
    let mut peak = 0;
    for index in 0..COUNT {
        stream.send(numbered(index).into()).await.unwrap();
        peak = peak.max(stream.socket().buffered_amount());
    }
    peak
}

async fn check_arrived(stream: &mut WebSocketStream) {
    stream.send("report".into()).await.unwrap();
    let report = within(120, "report", stream.next()).await.unwrap().unwrap();
    let report: Value = serde_json::from_str(report.as_text().unwrap()).unwrap();
    assert_eq!(report["messages"], COUNT);
    assert_eq!(report["bytes"], TOTAL);
    assert_eq!(report["inOrder"], true);
}

fn wasm_memory() -> u64 {
    let memory: js_sys::WebAssembly::Memory =
        wasm_bindgen::JsCast::unchecked_into(wasm_bindgen::memory());
    let buffer: js_sys::ArrayBuffer = wasm_bindgen::JsCast::unchecked_into(memory.buffer());
    buffer.byte_length().into()
}

/// Everything arrives in order below the mark; returns what it took.
async fn flood(path: &str) -> Stats {
    let mut stream = connect(path, Options::new()).await;
    let (started, memory) = (js_sys::Date::now(), wasm_memory());
    let peak = within(120, "48 MiB", send_all(&mut stream)).await;
    check_arrived(&mut stream).await;
    let seconds = (js_sys::Date::now() - started) / 1000.0;
    let stats = stream.socket().stats();
    print(&format!(
        "48 MiB in 16 KiB messages to {path}: {:.1} MiB/s, peak bufferedAmount {peak} B, {} polls, \
         wasm memory +{} KiB",
        48.0 / seconds,
        stats.polls,
        (wasm_memory() - memory) >> 10,
    ));
    assert!(peak <= MARK + SIZE as u64, "peak {peak}");
    stats
}

/// Peers without a gate put all 48 MiB into the browser's memory; libp2p's gate, polled every 100 ms,
/// ends at 10 MiB/s.
#[test]
async fn a_flood_through_the_sink_arrives_in_order_below_the_mark() {
    let polls = flood("/sink").await.polls;
    assert!(polls < COUNT.into(), "{polls} looks, more than messages");
}

#[test]
async fn a_flood_to_a_slow_peer_arrives_in_order_below_the_mark() {
    flood("/slow?rate=8388608").await;
}

#[test]
async fn a_flood_to_a_deaf_peer_waits_in_bounds_and_can_be_given_up() {
    let timeouts = Options::new()
        .drain_timeout(Duration::from_secs(2))
        .close_timeout(Duration::from_secs(2));
    let mut stream = connect("/deaf", timeouts).await;
    let controller = stream.socket().controller();
    let memory = wasm_memory();
    let (sent, peak) = (Rc::new(Cell::new(0_u32)), Rc::new(Cell::new(0)));
    spawn_local({
        let (sent, peak) = (sent.clone(), peak.clone());
        async move {
            for index in 0..COUNT {
                if stream.send(numbered(index).into()).await.is_err() {
                    break;
                }
                sent.set(index + 1);
                peak.set(peak.get().max(stream.socket().buffered_amount()));
            }
            stream.socket().closed().await;
        }
    });
    let mut last = u32::MAX;
    within(60, "the sender to stop", async {
        while last != sent.get() {
            last = sent.get();
            sleep(1000).await;
        }
    })
    .await;
    let memory = wasm_memory() - memory;
    print(&format!(
        "48 MiB in 16 KiB messages to /deaf: {} of {COUNT} handed over, then the sender waits; \
         peak bufferedAmount {} B, wasm memory +{} KiB",
        sent.get(),
        peak.get(),
        memory >> 10,
    ));
    assert!(peak.get() <= MARK + SIZE as u64, "peak {}", peak.get());
    assert!(memory <= 4 << 20, "nothing piles up on our side");
    if !is_webkit() {
        // 4.2 MB vanish below bufferedAmount, then the gate holds. WebKitGTK takes everything.
        assert!(sent.get() < COUNT / 4, "{} messages", sent.get());
        assert_eq!(controller.ready_state(), ReadyState::Open);
    }
    controller.close();
    let close = within(20, "close", controller.closed()).await;
    assert_eq!((close.code, close.was_clean), (1006, false));
    let stats = controller.stats();
    assert_eq!(
        stats.messages_unknown, stats.messages_sent,
        "nothing that was handed over is called delivered"
    );
}
