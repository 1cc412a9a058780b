//! Being woken before the next frame is painted.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::WokenBy;
use crate::driver::{Alarm, Clock};
use crate::machine::Timeout;

use super::bindings::{
    Callback, cancel_animation_frame, clear_timeout, request_animation_frame, set_timeout,
};
use super::clock::now;
use super::hidden::is_hidden;

/// `requestAnimationFrame`, with a timer beside it: in a hidden page and in shared workers there
/// are no frames.
#[derive(Default)]
pub(crate) struct FrameClock {
    on_wake: RefCell<Option<Callback>>,
    wanted: Rc<Cell<bool>>,
    frame: Cell<Option<JsValue>>,
    timer: Cell<Option<JsValue>>,
}

impl Clock for FrameClock {
    fn start(&self, alarm: Weak<dyn Alarm>) {
        let wanted = self.wanted.clone();
        let on_wake = Closure::new(move |_| {
            if let (true, Some(alarm)) = (wanted.replace(false), alarm.upgrade()) {
                alarm.handle_alarm(WokenBy::Timer);
            }
        });
        self.on_wake.replace(Some(on_wake));
    }

    fn now(&self) -> Duration {
        now()
    }

    /// Whatever the time: the next frame.
    fn arm(&self, timeout: Option<Timeout>) {
        self.disarm();
        let on_wake = self.on_wake.borrow();
        let (Some(_), Some(on_wake)) = (timeout, &*on_wake) else {
            return;
        };
        self.wanted.set(true);
        let function = on_wake.as_ref().unchecked_ref();
        let frame = (!is_hidden())
            .then(|| request_animation_frame(function).ok())
            .flatten();
        let delay = if frame.is_some() {
            PATIENCE_MS
        } else {
            FRAME_MS
        };
        self.frame.set(frame);
        self.timer.set(Some(set_timeout(function, delay)));
    }
}

impl FrameClock {
    fn disarm(&self) {
        self.wanted.set(false);
        if let Some(frame) = self.frame.take() {
            cancel_animation_frame(&frame);
        }
        if let Some(timer) = self.timer.take() {
            clear_timeout(&timer);
        }
    }
}

impl Drop for FrameClock {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// How long a frame is waited for: the page may become hidden meanwhile, and then none comes.
const PATIENCE_MS: i32 = 250;

/// What stands in for a frame where there is none.
const FRAME_MS: i32 = 16;
