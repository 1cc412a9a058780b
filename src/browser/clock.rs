//! The time, and being woken.

use std::cell::{Cell, OnceCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessagePort};

use crate::driver::{Alarm, Clock};
use crate::machine::{Timeout, Wake};

use super::bindings::{Callback, clear_timeout, performance_now, set_timeout};

/// `performance.now()`, a `MessageChannel` for ticks and `setTimeout` for timers.
///
/// Timers are armed from a tick, because that resets their nesting level and with it the clamp to
/// 4 ms (measured in three engines: below 1 ms then). Nothing is created before it is needed.
#[derive(Default)]
pub(crate) struct BrowserClock {
    alarm: OnceCell<Weak<dyn Alarm>>,
    bell: OnceCell<Rc<Bell>>,
}

impl Clock for BrowserClock {
    fn start(&self, alarm: Weak<dyn Alarm>) {
        self.alarm.set(alarm).ok();
    }

    fn now(&self) -> Duration {
        now()
    }

    fn arm(&self, timeout: Option<Timeout>) {
        if let (Some(_), None, Some(alarm)) = (timeout, self.bell.get(), self.alarm.get()) {
            self.bell.set(Bell::new(alarm.clone())).ok();
        }
        if let Some(bell) = self.bell.get() {
            bell.arm(timeout);
        }
    }
}

/// One wake at a time.
struct Bell {
    alarm: Weak<dyn Alarm>,
    channel: Option<Channel>,
    on_timer: Callback,
    /// What is waited for.
    timeout: Cell<Option<Timeout>>,
    /// Whether a tick is under way. A tick cannot be called back, so one serves whatever is wanted
    /// when it comes.
    ticking: Cell<bool>,
    timer: Cell<Option<JsValue>>,
}

/// Both ends of a `MessageChannel`, closed on drop.
struct Channel {
    sender: MessagePort,
    receiver: MessagePort,
    _on_tick: Callback,
}

impl Bell {
    fn new(alarm: Weak<dyn Alarm>) -> Rc<Self> {
        Rc::new_cyclic(|bell: &Weak<Self>| Self {
            alarm,
            channel: Channel::new(bell.clone()),
            on_timer: call(bell.clone(), Self::ring),
            timeout: Cell::new(None),
            ticking: Cell::new(false),
            timer: Cell::new(None),
        })
    }

    fn arm(&self, timeout: Option<Timeout>) {
        self.stop_timer();
        self.timeout.set(timeout);
        if timeout.is_some() && !self.ticking.get() {
            self.tick();
        }
    }

    fn tick(&self) {
        let posted = self
            .channel
            .as_ref()
            .is_some_and(|channel| channel.sender.post_message(&JsValue::NULL).is_ok());
        if posted {
            self.ticking.set(true);
        } else {
            self.start_timer();
        }
    }

    fn on_tick(&self) {
        self.ticking.set(false);
        match self.timeout.get() {
            None => {}
            Some(timeout) if timeout.wake == Wake::Tick => self.ring(),
            Some(_) => self.start_timer(),
        }
    }

    fn start_timer(&self) {
        let Some(timeout) = self.timeout.get() else {
            return;
        };
        let wait = timeout.at.saturating_sub(now()).as_secs_f64();
        // As a number above the largest delay, `MAX`: the machine is asked again then.
        let milliseconds = (wait * 1000.0).ceil() as i32;
        let function = self.on_timer.as_ref().unchecked_ref();
        self.timer.set(Some(set_timeout(function, milliseconds)));
    }

    fn stop_timer(&self) {
        let timer = self.timer.take();
        if let Some(timer) = timer {
            clear_timeout(&timer);
        }
    }

    fn ring(&self) {
        self.timer.take();
        self.timeout.set(None);
        if let Some(alarm) = self.alarm.upgrade() {
            alarm.handle_alarm();
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.stop_timer();
    }
}

impl Channel {
    /// `None` where there is no `MessageChannel`: plain timers then.
    fn new(bell: Weak<Bell>) -> Option<Self> {
        let channel = MessageChannel::new().ok()?;
        let on_tick = call(bell, Bell::on_tick);
        let receiver = channel.port1();
        receiver.set_onmessage(Some(on_tick.as_ref().unchecked_ref()));
        Some(Self {
            sender: channel.port2(),
            receiver,
            _on_tick: on_tick,
        })
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.receiver.set_onmessage(None);
        self.receiver.close();
        self.sender.close();
    }
}

fn call(bell: Weak<Bell>, method: fn(&Bell)) -> Callback {
    Closure::new(move |_| {
        if let Some(bell) = bell.upgrade() {
            method(&bell);
        }
    })
}

fn now() -> Duration {
    Duration::from_micros((performance_now() * 1000.0) as u64)
}
