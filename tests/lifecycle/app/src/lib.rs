//! A client that pages and Node hide, freeze and leave alone in tests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::SinkExt;
use js_sys::Function;
use sluicegate::{Batch, Options, TapEvent, WakeSource, WebSocket, WebSocketStream};
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
    woken: Rc<RefCell<BTreeMap<String, u32>>>,
}

#[wasm_bindgen]
impl Client {
    /// Connects and waits until the connection is open. `on_close` is given the code. With
    /// `timers_only` the socket has nothing else to be woken by.
    pub async fn connect(
        url: String,
        timers_only: bool,
        on_close: Function,
    ) -> Result<Self, JsError> {
        let woken = Rc::<RefCell<BTreeMap<String, u32>>>::default();
        let source = match timers_only {
            true => WakeSource::Timer,
            false => WakeSource::Automatic,
        };
        let stream = WebSocket::builder(url)
            .options(Options::new().wake_source(source))
            .on_close(move |_, close| tell(&on_close, close.code))
            .connect()
            .await?;
        let counts = woken.clone();
        let count = move |_: &WebSocket, event| {
            if let TapEvent::Woken(by) = event {
                *counts.borrow_mut().entry(format!("{by:?}")).or_default() += 1;
            }
        };
        stream.socket().on_tap(count).forget();
        Ok(Self {
            woken,
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

    /// How often it was woken by what, as JSON.
    pub fn woken(&self) -> String {
        let woken = self.woken.borrow();
        let counts: Vec<_> = woken
            .iter()
            .map(|(by, count)| format!("{by:?}:{count}"))
            .collect();
        format!("{{{}}}", counts.join(","))
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

/// Takes what arrives in batches, by frame. `on_batch` is given the number of messages in each, and 0
/// at the end.
#[wasm_bindgen]
pub fn gather(url: String, on_batch: Function) -> Result<(), JsError> {
    let on_end = on_batch.clone();
    let opened = WebSocket::builder(url)
        .on_messages(Batch::Frame, move |_, messages| {
            tell(&on_batch, messages.len() as u16);
        })
        .on_close(move |_, _| tell(&on_end, 0))
        .open();
    opened
        .map(std::mem::forget)
        .map_err(|error| JsError::new(&format!("{error:?}")))
}

fn tell(function: &Function, number: u16) {
    function.call1(&JsValue::NULL, &number.into()).ok();
}
