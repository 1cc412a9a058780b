//! What is measured while a flood runs, in a way that does not slow it down.
//!
//! The clock and `bufferedAmount` are read once per stretch of our code, not once per message:
//! within a stretch `bufferedAmount` only rises, so its peak is where a stretch ends.

use std::cell::{Cell, OnceCell};
use std::future::poll_fn;
use std::pin::pin;

use sluicegate::WebSocket;
use wasm_bindgen::prelude::*;

use crate::figures::Figures;

/// What a flood sends on.
pub(crate) enum Channel {
    Gated(WebSocket),
    Bare(web_sys::WebSocket),
}

#[derive(Default)]
pub(crate) struct Watch {
    channel: OnceCell<Channel>,
    began: Cell<f64>,
    /// Of the bare object, which does not count itself.
    bare_bytes_sent: Cell<u64>,
    peak_buffered_amount: Cell<u64>,
    longest_stretch_ms: Cell<f64>,
}

impl Watch {
    /// The connection is open: the clock starts.
    pub(crate) fn begin(&self, channel: Channel) {
        self.channel.set(channel).ok();
        self.began.set(now());
    }

    /// A future whose polls are stretches.
    pub(crate) async fn stretches<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| self.stretch(|| future.as_mut().poll(context))).await
    }

    /// Runs our code for as long as it does not return to the browser.
    pub(crate) fn stretch<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = now();
        let result = work();
        self.longest_stretch_ms
            .set(self.longest_stretch_ms.get().max(now() - began));
        self.peak_buffered_amount
            .set(self.peak_buffered_amount.get().max(self.buffered_amount()));
        result
    }

    pub(crate) fn count_bare(&self, bytes: usize) {
        self.bare_bytes_sent
            .set(self.bare_bytes_sent.get() + bytes as u64);
    }

    /// Everything so far, with the peer's report if it came.
    pub(crate) fn figures(&self, report: Option<&str>) -> Result<Figures, String> {
        let seconds = (now() - self.began.get()) / 1000.0;
        let report = report.map(serde_json::from_str).transpose();
        let (bytes_sent, polls) = match self.channel.get() {
            None => return Err("not connected before the time was up".into()),
            Some(Channel::Bare(_)) => (self.bare_bytes_sent.get(), None),
            Some(Channel::Gated(socket)) => {
                let stats = socket.stats();
                (stats.bytes_sent, Some(stats.polls))
            }
        };
        Ok(Figures {
            seconds,
            bytes_sent,
            report: report.map_err(|error| error.to_string())?,
            peak_buffered_amount: self.peak_buffered_amount.get(),
            wasm_bytes: wasm_bytes(),
            polls,
            longest_stretch_ms: self.longest_stretch_ms.get(),
        })
    }

    pub(crate) fn close(&self) {
        match self.channel.get() {
            Some(Channel::Gated(socket)) => socket.close(),
            Some(Channel::Bare(socket)) => drop(socket.close()),
            None => {}
        }
    }

    fn buffered_amount(&self) -> u64 {
        match self.channel.get() {
            Some(Channel::Gated(socket)) => socket.buffered_amount(),
            Some(Channel::Bare(socket)) => socket.buffered_amount().into(),
            None => 0,
        }
    }
}

fn wasm_bytes() -> u32 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    buffer.byte_length()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}
