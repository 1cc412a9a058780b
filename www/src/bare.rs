//! The same flood without the gate: the browser's own `WebSocket`, and `send` in a loop.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, WebSocket};

use crate::plan::Mode;
use crate::run::{Channel, Run};
use crate::turn::Turn;

/// Milliseconds between two looks at `bufferedAmount`.
const LOOK_INTERVAL: u32 = 4;

/// Sends everything, and asks the peer what arrived.
pub(crate) async fn flood(run: Rc<Run>) -> Result<(), String> {
    let socket = WebSocket::new(&run.plan.url()).map_err(|_| "the browser refused to connect")?;
    opened(&socket).await?;
    run.begin(Channel::Bare(socket.clone()))?;
    send_all(&run, &socket).await?;
    if run.is_stopped() {
        return Ok(());
    }
    if socket.ready_state() != WebSocket::OPEN {
        return Err("the connection ended, and `send` did not say so".into());
    }
    run.finish_sending();
    if run.plan.is_counted() {
        let report = reply(&socket);
        send_text(&socket, "report")?;
        run.take_report(&report.await?)?;
    } else {
        reply(&socket).await?; // it never comes: the flood ends when it is stopped
    }
    Ok(())
}

async fn send_all(run: &Run, socket: &WebSocket) -> Result<(), String> {
    let mut turn = Turn::begin();
    while run.wants_more() {
        let payload = run.plan.payload(run.offered());
        let sent = socket.send_with_u8_array(&payload);
        sent.map_err(|_| "the browser refused a message")?;
        run.count_offered();
        run.sample();
        turn.share().await;
        if run.plan.mode == Mode::BareTimer {
            wait_at_mark(run, socket).await;
        }
        while !run.may_send() && is_open(run, socket) {
            look_later(run).await;
        }
    }
    Ok(())
}

/// What is written by hand where there is no gate: `bufferedAmount` is looked at by a timer.
async fn wait_at_mark(run: &Run, socket: &WebSocket) {
    let held = || socket.buffered_amount() as usize;
    if held() < run.plan.options.high_water_mark {
        return;
    }
    while held() > run.plan.options.low_water_mark && is_open(run, socket) {
        look_later(run).await;
    }
}

async fn look_later(run: &Run) {
    TimeoutFuture::new(LOOK_INTERVAL).await;
    run.count_look();
    run.sample();
}

fn is_open(run: &Run, socket: &WebSocket) -> bool {
    !run.is_stopped() && socket.ready_state() == WebSocket::OPEN
}

fn send_text(socket: &WebSocket, text: &str) -> Result<(), String> {
    let sent = socket.send_with_str(text);
    sent.map_err(|_| "the browser refused a message".into())
}

async fn opened(socket: &WebSocket) -> Result<(), String> {
    let opened = Promise::new(&mut |resolve, reject| {
        socket.set_onopen(Some(&resolve));
        socket.set_onclose(Some(&reject));
    });
    let opened = JsFuture::from(opened).await;
    opened.map(drop).map_err(|_| "the connection failed".into())
}

/// The next text from the peer. It is listened for from the call on.
fn reply(socket: &WebSocket) -> impl Future<Output = Result<String, String>> + use<> {
    let reply = Promise::new(&mut |resolve, reject| {
        socket.set_onmessage(Some(&resolve));
        socket.set_onclose(Some(&reject));
    });
    async move {
        let event = JsFuture::from(reply).await;
        let event: Option<MessageEvent> = event.ok().and_then(|event| event.dyn_into().ok());
        let text = event.and_then(|event| event.data().as_string());
        text.ok_or_else(|| "the connection ended before the peer had answered".into())
    }
}
