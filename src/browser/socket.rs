//! The browser's socket as a [`Transport`].

use std::cell::{Cell, OnceCell};
use std::rc::Weak;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use crate::driver::{Events, Refusal, Transport};
use crate::machine::Generation;
use crate::request::Request;
use crate::{CloseEvent, CloseFrame, ConnectError, OpenEvent, ReadyState, UrlFault};

use super::bindings::{get, text};
use super::listener::Listener;
use super::wire::Wire;

/// One `web_sys::WebSocket`, and our listeners on it.
#[derive(Default)]
pub(crate) struct BrowserSocket {
    raw: OnceCell<WebSocket>,
    listeners: Cell<Option<[Listener; 4]>>,
    /// Wasm memory is shared or resizable, which `send` throws on in every engine (measured).
    copies: Cell<bool>,
}

impl BrowserSocket {
    /// Takes a socket that somebody else has made.
    pub(crate) fn from_raw(raw: WebSocket) -> Self {
        let mut socket = Self::default();
        socket.raw = raw.into();
        socket
    }

    /// The browser's object.
    pub(crate) fn raw(&self) -> Option<&WebSocket> {
        self.raw.get()
    }

    /// Listens by `addEventListener`, so that handlers of others on the same object survive.
    fn listen<P: Wire + 'static>(
        &self,
        raw: &WebSocket,
        generation: Generation,
        events: &Weak<dyn Events<P>>,
    ) {
        raw.set_binary_type(BinaryType::Arraybuffer);
        let on = |kind, handle: fn(&dyn Events<P>, Generation, JsValue)| {
            Listener::new(raw, kind, {
                let events = events.clone();
                move |event| {
                    if let Some(events) = events.upgrade() {
                        handle(&*events, generation, event);
                    }
                }
            })
        };
        self.listeners.set(Some([
            on("open", handle_open),
            on("message", handle_message),
            on("error", |events, generation, _| {
                events.handle_error(generation)
            }),
            on("close", handle_close),
        ]));
    }
}

fn handle_open<P>(events: &dyn Events<P>, generation: Generation, event: JsValue) {
    if let Some(raw) = target(&event, WebSocket::OPEN) {
        let event = OpenEvent::new(text(&raw, "protocol"), text(&raw, "extensions"));
        events.handle_open(generation, event);
    }
}

fn handle_message<P: Wire>(events: &dyn Events<P>, generation: Generation, event: JsValue) {
    let event: MessageEvent = event.unchecked_into();
    match P::receive(&event.data()) {
        Some(message) => events.handle_message(generation, message),
        None => events.handle_unreadable(generation),
    }
}

fn handle_close<P>(events: &dyn Events<P>, generation: Generation, event: JsValue) {
    if target(&event, WebSocket::CLOSED).is_some() {
        events.handle_close(generation, close_event(&event));
    }
}

/// The socket of an event, if it is in the state that the event tells of. Anybody can dispatch an
/// event; only the browser can change the state.
fn target(event: &JsValue, state: u16) -> Option<JsValue> {
    let raw = get(event, "target");
    (get(&raw, "readyState").as_f64() == Some(state.into())).then_some(raw)
}

/// What the event says, of whatever class it is: a replaced `WebSocket` may have events of its own.
fn close_event(event: &JsValue) -> CloseEvent {
    let code = get(event, "code").as_f64();
    let was_clean = get(event, "wasClean").as_bool();
    CloseEvent::new(
        code.map_or(1006, |code| code as u16),
        text(event, "reason"),
        was_clean.unwrap_or_default(),
    )
}

impl<P: Wire + 'static> Transport<P> for BrowserSocket {
    fn open(
        &self,
        generation: Generation,
        request: &Request,
        events: Weak<dyn Events<P>>,
    ) -> Result<(), ConnectError> {
        let protocols = js_sys::Array::new();
        for protocol in &request.protocols {
            protocols.push(&protocol.into());
        }
        let raw = WebSocket::new_with_str_sequence(&request.url, &protocols)
            .map_err(|thrown| explain(&thrown, request))?;
        // Chromium's way to say that the page's policy forbids the connection: no exception, and no
        // close event ever (measured).
        if raw.ready_state() == WebSocket::CLOSED {
            return Err(request.blocked());
        }
        self.raw.set(raw).ok();
        self.adopt(generation, events);
        Ok(())
    }

    fn adopt(&self, generation: Generation, events: Weak<dyn Events<P>>) {
        if let Some(raw) = self.raw() {
            self.listen(raw, generation, &events);
        }
    }

    fn transmit(&self, payload: &P) -> Result<(), Refusal> {
        let raw = self.raw().ok_or(Refusal::Closing)?;
        // `send` in CLOSING and CLOSED does not throw: it counts the bytes and drops them.
        if raw.ready_state() != WebSocket::OPEN {
            return Err(Refusal::Closing);
        }
        let copy = self.copies.get();
        let sent = payload.send(raw, copy);
        if sent.is_err() && !copy && payload.is_binary() {
            payload.send(raw, true).map_err(|_| Refusal::Thrown)?;
            self.copies.set(true);
            return Ok(());
        }
        sent.map_err(|_| Refusal::Thrown)
    }

    fn close(&self, frame: &CloseFrame) {
        if let Some(raw) = self.raw() {
            let code = frame.code.get();
            let closed = raw.close_with_code_and_reason(code, frame.reason.as_str());
            if closed.is_err() {
                // Only a replaced `WebSocket` throws on a checked code and reason.
                raw.close().ok();
            }
        }
    }

    fn abandon(&self) {
        self.listeners.take();
        if let Some(raw) = self.raw()
            && raw.ready_state() < WebSocket::CLOSING
        {
            raw.close().ok();
        }
    }

    fn buffered_amount(&self) -> u64 {
        self.raw().map_or(0, |raw| raw.buffered_amount().into())
    }

    fn ready_state(&self) -> ReadyState {
        let state = self.raw().map(|raw| raw.ready_state());
        state
            .and_then(|state| ReadyState::try_from(state).ok())
            .unwrap_or(ReadyState::Closed)
    }
}

impl Drop for BrowserSocket {
    fn drop(&mut self) {
        // A socket that is forgotten stays open for ever: garbage collection closes none (measured).
        Transport::<crate::Message>::abandon(self);
    }
}

/// What the constructor threw. It need not be an `Error`: Firefox throws a bare object when the
/// page's policy forbids the connection (measured).
fn explain(thrown: &JsValue, request: &Request) -> ConnectError {
    match text(thrown, "name").as_str() {
        "SyntaxError" => request.invalid_url(UrlFault::Malformed),
        "ReferenceError" | "TypeError" => ConnectError::Unsupported,
        _ => request.blocked(),
    }
}
