//! Sharing the page's one thread, so that it can paint.

use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

use crate::page;

/// After so many milliseconds others get a turn.
const LENGTH: f64 = 8.0;

/// A stretch of work. It is no backpressure: nothing is waited for but the others.
pub(crate) struct Turn {
    began: f64,
}

impl Turn {
    pub(crate) fn begin() -> Self {
        Self { began: page::now() }
    }

    pub(crate) fn is_over(&self) -> bool {
        page::now() - self.began > LENGTH
    }

    /// Lets others work if the turn is over, and begins the next.
    pub(crate) async fn share(&mut self) {
        if self.is_over() {
            step_aside().await;
            *self = Self::begin();
        }
    }
}

/// Lets others work. A timer leaves the page time to paint; a hidden page has nothing to paint, and
/// there a timer would cost a second.
pub(crate) async fn step_aside() {
    if page::is_hidden() {
        hop().await;
    } else {
        TimeoutFuture::new(0).await;
    }
}

/// A message to ourselves, which no browser throttles.
async fn hop() {
    let Ok(channel) = MessageChannel::new() else {
        return TimeoutFuture::new(0).await;
    };
    let arrived = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
        channel.port2().post_message(&JsValue::NULL).ok();
    });
    JsFuture::from(arrived).await.ok();
    channel.port1().close();
}
