//! Sharing the page's one thread, so that it can paint.

use gloo_timers::future::TimeoutFuture;

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
            TimeoutFuture::new(0).await;
            *self = Self::begin();
        }
    }
}
