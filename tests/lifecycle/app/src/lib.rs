//! A client that pages and Node hide, freeze and leave alone in tests.

use std::cell::{Cell, RefCell};

use futures_util::SinkExt;
use js_sys::Function;
use sluicegate::{WebSocket, WebSocketStream};
use wasm_bindgen::prelude::*;

const SIZE: usize = 16 << 10;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// An open connection that can send without end.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    socket: WebSocket,
    /// Taken while a flood is under way.
    stream: RefCell<Option<WebSocketStream>>,
    peak: Cell<u64>,
    stopping: Cell<bool>,
}

#[wasm_bindgen]
impl Client {
    /// Connects and waits until the connection is open. `on_close` is given the code.
    pub async fn connect(url: String, on_close: Function) -> Result<Self, JsError> {
        let stream = WebSocket::builder(url)
            .on_close(move |_, close| tell(&on_close, close.code))
            .connect()
            .await?;
        Ok(Self {
            socket: stream.socket().clone(),
            stream: RefCell::new(Some(stream)),
            peak: Cell::new(0),
            stopping: Cell::new(false),
        })
    }

    /// Sends one message after the other as the sink takes them, until [`Self::stop`]; resolves when
    /// all have left.
    pub async fn flood(&self) -> Result<(), JsError> {
        let stream = self.stream.take();
        let mut stream = stream.ok_or_else(|| JsError::new("a flood is under way"))?;
        self.stopping.set(false);
        while !self.stopping.get() {
            stream.send(vec![0; SIZE].into()).await?;
            let buffered = self.socket.buffered_amount();
            self.peak.set(self.peak.get().max(buffered));
        }
        self.socket.drained().await?;
        self.stream.replace(Some(stream));
        Ok(())
    }

    /// Ends the flood.
    pub fn stop(&self) {
        self.stopping.set(true);
    }

    /// How often the socket woke itself.
    pub fn polls(&self) -> f64 {
        self.socket.stats().polls as f64
    }

    /// The highest `bufferedAmount` since the last call.
    #[wasm_bindgen(js_name = takePeak)]
    pub fn take_peak(&self) -> f64 {
        self.peak.take() as f64
    }

    /// E.g. `Open`.
    #[wasm_bindgen(js_name = readyState)]
    pub fn ready_state(&self) -> String {
        format!("{:?}", self.socket.ready_state())
    }
}

/// Starts to connect. Throws what is known at once, by its name; `on_close` is given the code.
#[wasm_bindgen]
pub fn open(url: String, on_close: Function) -> Result<(), JsError> {
    let opened = WebSocket::builder(url)
        .on_close(move |_, close| tell(&on_close, close.code))
        .open();
    // The socket lives as long as the page.
    opened
        .map(std::mem::forget)
        .map_err(|error| JsError::new(&format!("{error:?}")))
}

fn tell(function: &Function, code: u16) {
    function.call1(&JsValue::NULL, &code.into()).ok();
}
