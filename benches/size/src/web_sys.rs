//! The app with nothing but the browser's socket.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, WebSocket};

use crate::{URL, log};

pub(crate) fn chat() -> Option<()> {
    let socket = WebSocket::new(URL).ok()?;
    on_open(&socket);
    on_message(&socket);
    on_close(&socket);
    Some(())
}

fn on_open(socket: &WebSocket) {
    let opened = socket.clone();
    let handler = Closure::<dyn Fn()>::new(move || drop(opened.send_with_str("hello")));
    socket.set_onopen(Some(handler.into_js_value().unchecked_ref()));
}

fn on_message(socket: &WebSocket) {
    let handler = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            log(&text);
        }
    });
    socket.set_onmessage(Some(handler.into_js_value().unchecked_ref()));
}

fn on_close(socket: &WebSocket) {
    let closed = socket.clone();
    let handler = Closure::<dyn Fn()>::new(move || drop(closed.close()));
    socket.set_onclose(Some(handler.into_js_value().unchecked_ref()));
}
