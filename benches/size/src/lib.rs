//! The same minimal app without a socket and with each library's: the feature chooses.
//!
//! It connects, sends one message, logs what comes until the peer closes, and closes.

#[cfg(feature = "gloo-net")]
mod gloo_net;
#[cfg(feature = "sluicegate")]
mod sluicegate;
#[cfg(feature = "web-sys")]
mod web_sys;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[cfg(any(feature = "gloo-net", feature = "sluicegate", feature = "web-sys"))]
const URL: &str = "ws://127.0.0.1:8080/echo";

/// Starts the app.
#[wasm_bindgen(start)]
pub fn start() {
    spawn_local(async {
        #[cfg(feature = "gloo-net")]
        gloo_net::chat().await;
        #[cfg(feature = "sluicegate")]
        sluicegate::chat().await;
        #[cfg(feature = "web-sys")]
        web_sys::chat();
        log("done");
    });
}

fn log(text: &str) {
    ::web_sys::console::log_1(&text.into());
}
