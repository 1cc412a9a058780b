//! Payloads on their way through the browser's socket.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::WebSocket;

use crate::Message;
use crate::machine::Payload;

use super::bindings::{Bytes, get};

/// A payload that the browser's socket can carry.
pub(crate) trait Wire: Payload + Sized {
    /// Gives the payload to the browser, which copies it. Binary data that lies in wasm memory is
    /// passed as it lies unless `copy` says otherwise.
    fn send(&self, socket: &WebSocket, copy: bool) -> Result<(), JsValue>;

    /// Takes the data of a message event; `None` when it is neither text nor an `ArrayBuffer`.
    fn receive(data: &JsValue) -> Option<Self>;

    /// Whether copying first could help when the browser throws.
    fn is_binary(&self) -> bool;
}

impl Wire for Message {
    fn send(&self, socket: &WebSocket, copy: bool) -> Result<(), JsValue> {
        match self {
            Self::Text(text) => socket.send_with_str(text),
            Self::Binary(bytes) if copy => {
                socket.send_with_js_u8_array(&Uint8Array::from(bytes.as_slice()))
            }
            Self::Binary(bytes) => socket.send_with_u8_array(bytes),
        }
    }

    fn receive(data: &JsValue) -> Option<Self> {
        if let Some(text) = data.as_string() {
            return Some(Self::Text(text));
        }
        // An adopted socket may be another window's, whose `ArrayBuffer` is another class.
        let is_buffer =
            data.is_instance_of::<ArrayBuffer>() || get(data, "byteLength").as_f64().is_some();
        is_buffer.then(|| Self::Binary(Bytes::new(data.unchecked_ref()).take(0)))
    }

    fn is_binary(&self) -> bool {
        self.is_binary()
    }
}
