//! Waiting in a page that says it is hidden. Its timers are not throttled here.

use std::time::Duration;

use js_sys::Function;
use sluicegate::{RateLimit, WebSocket};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{sleep, url, within};

fn run(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
}

async fn limited(period: Duration) -> WebSocket {
    let limit = RateLimit::new().messages(1, period);
    let builder = WebSocket::builder(url("/echo").await).rate_limit(limit);
    let stream = within(10, "connect", builder.connect()).await.unwrap();
    stream.socket().clone()
}

/// While one socket is woken by the pulse, each beat arms the long timer of another anew without clearing
/// the one before: 60 a second, all of which ring, and throw once that socket is gone.
#[test]
async fn a_beat_leaves_no_timer_behind() {
    run("
        globalThis.longTimers = new Set();
        globalThis.thrown = 0;
        const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
        globalThis.setTimeout = (f, ms, ...more) => {
            const id = set((...all) => {
                longTimers.delete(id);
                try { f(...all); } catch (error) { thrown++; console.log('thrown by a timer: ' + error); }
            }, ms, ...more);
            if (ms > 1000 && ms < 2990) longTimers.add(id);
            return id;
        };
        globalThis.clearTimeout = (id) => { longTimers.delete(id); clear(id); };
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    ");
    let long = limited(Duration::from_millis(2900)).await;
    let short = limited(Duration::from_millis(400)).await;
    for _ in 0..2 {
        long.try_send("long").unwrap();
    }
    for _ in 0..4 {
        short.try_send("short").unwrap();
    }
    sleep(1000).await;
    let timers = run("return longTimers.size").as_f64().unwrap();
    drop(long);
    sleep(3500).await;
    let thrown = run("return thrown").as_f64().unwrap();
    run("delete document.hidden");
    drop(short);
    assert!(
        timers <= 2.0 && thrown == 0.0,
        "{timers} timers, {thrown} threw"
    );
}

/// Two long tasks in a row in a hidden page, each with a wait under way, are taken for an engine that throttles
/// `Atomics.waitAsync`, and then it is never tried again, not even after the page was visible.
#[test]
async fn two_long_tasks_do_not_end_the_pulse_for_ever() {
    let hide = |hidden: bool| {
        run(&format!(
            "Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {hidden} }});
            document.dispatchEvent(new Event('visibilitychange'));"
        ));
    };
    let block = || run("const end = performance.now() + 400; while (performance.now() < end);");
    let beats = std::rc::Rc::new(std::cell::Cell::new(0));
    hide(true);
    let socket = limited(Duration::from_millis(150)).await;
    let note = beats.clone();
    let _listener = socket.on_tap(move |_, event| {
        if matches!(
            event,
            sluicegate::TapEvent::Woken(sluicegate::WokenBy::Atomics)
        ) {
            note.set(note.get() + 1);
        }
    });
    for _ in 0..100 {
        socket.try_send("a").unwrap();
    }
    sleep(1500).await;
    let before = beats.get();
    for _ in 0..4 {
        block();
        sleep(1).await;
    }
    sleep(1000).await;
    hide(false);
    sleep(500).await;
    hide(true);
    beats.set(0);
    sleep(1500).await;
    let after = beats.get();
    run("delete document.hidden");
    assert!(before > 0, "the pulse never beat");
    assert!(
        after > 0,
        "{before} beats before the long tasks, none after"
    );
}
