//! The time, and being woken.

use std::cell::{Cell, OnceCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessagePort};

use crate::driver::{Alarm, Clock};
use crate::machine::{Timeout, Wake};
use crate::{WakeSource, WokenBy};

use super::bindings::{Callback, clear_timeout, performance_now, set_timeout};
use super::hidden::{Substitute, is_hidden, pulse};

/// `performance.now()`, a `MessageChannel` for ticks and `setTimeout` for timers, or what hidden pages
/// have in its place.
///
/// Timers are armed from a tick, because that resets their nesting level and with it the clamp to
/// 4 ms (measured in three engines: below 1 ms then). Nothing is created before it is needed.
#[derive(Default)]
pub(crate) struct BrowserClock {
    source: WakeSource,
    alarm: OnceCell<Weak<dyn Alarm>>,
    bell: OnceCell<Rc<Bell>>,
}

impl BrowserClock {
    pub(crate) fn new(source: WakeSource) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }
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
            self.bell.set(Bell::new(alarm.clone(), self.source)).ok();
        }
        if let Some(bell) = self.bell.get() {
            bell.arm(timeout);
        }
    }
}

/// One wake at a time.
pub(super) struct Bell {
    this: Weak<Self>,
    alarm: Weak<dyn Alarm>,
    source: WakeSource,
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
    on_tick: Callback,
    listening: Cell<bool>,
}

impl Bell {
    fn new(alarm: Weak<dyn Alarm>, source: WakeSource) -> Rc<Self> {
        Rc::new_cyclic(|bell: &Weak<Self>| Self {
            this: bell.clone(),
            alarm,
            source,
            channel: Channel::new(bell.clone()),
            on_timer: call(bell.clone(), |bell| bell.ring(WokenBy::Timer)),
            timeout: Cell::new(None),
            ticking: Cell::new(false),
            timer: Cell::new(None),
        })
    }

    fn arm(&self, timeout: Option<Timeout>) {
        self.stop_timer();
        self.timeout.set(timeout);
        if self.ticking.get() {
            return;
        }
        match timeout {
            Some(_) => self.tick(),
            None => self.rest(),
        }
    }

    fn tick(&self) {
        let posted = self.channel.as_ref().is_some_and(Channel::post);
        if posted {
            self.ticking.set(true);
        } else if let Some(timeout) = self.timeout.get() {
            self.start_timer(timeout.at.saturating_sub(now()));
        }
    }

    /// Nobody waits.
    fn rest(&self) {
        if let Some(channel) = &self.channel {
            channel.rest();
        }
    }

    fn on_tick(&self) {
        self.ticking.set(false);
        match self.timeout.get() {
            None => self.rest(),
            Some(timeout) if timeout.wake == Wake::Tick => self.ring(WokenBy::Channel),
            Some(timeout) => self.wait(&timeout),
        }
    }

    /// The pulse beats: the time may have come.
    pub(super) fn check(&self) {
        match self.timeout.get() {
            // A tick looks after itself.
            _ if self.ticking.get() => {}
            None => {}
            Some(timeout) if timeout.at <= now() => self.ring(WokenBy::Atomics),
            Some(timeout) => self.wait(&timeout),
        }
    }

    fn wait(&self, timeout: &Timeout) {
        let delay = timeout.at.saturating_sub(now());
        if !is_hidden() {
            return self.start_timer(delay);
        }
        if delay.is_zero() {
            return self.ring(WokenBy::Channel);
        }
        match pulse().replace_timer(self.this.clone(), self.source, delay, timeout.idle) {
            Substitute::Pulse => {}
            Substitute::Ticks => self.tick(),
            Substitute::None => self.start_timer(delay),
        }
    }

    fn start_timer(&self, delay: Duration) {
        self.stop_timer();
        // As a number above the largest delay, `MAX`: the machine is asked again then.
        let milliseconds = (delay.as_secs_f64() * 1000.0).ceil() as i32;
        let function = self.on_timer.as_ref().unchecked_ref();
        self.timer.set(Some(set_timeout(function, milliseconds)));
    }

    fn stop_timer(&self) {
        let timer = self.timer.take();
        if let Some(timer) = timer {
            clear_timeout(&timer);
        }
    }

    /// Wakes, if anybody still waits.
    pub(super) fn ring(&self, by: WokenBy) {
        self.stop_timer();
        let wanted = self.timeout.take().is_some();
        if let (true, Some(alarm)) = (wanted, self.alarm.upgrade()) {
            alarm.handle_alarm(by);
        }
        if self.timeout.get().is_none() && !self.ticking.get() {
            self.rest();
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
        Some(Self {
            sender: channel.port2(),
            receiver: channel.port1(),
            on_tick: call(bell, Bell::on_tick),
            listening: Cell::new(false),
        })
    }

    fn post(&self) -> bool {
        if !self.listening.replace(true) {
            let function = self.on_tick.as_ref().unchecked_ref();
            self.receiver.set_onmessage(Some(function));
        }
        self.sender.post_message(&JsValue::NULL).is_ok()
    }

    /// A port that is listened to keeps a Node process alive.
    fn rest(&self) {
        if self.listening.replace(false) {
            self.receiver.set_onmessage(None);
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.rest();
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

pub(super) fn now() -> Duration {
    Duration::from_micros((performance_now() * 1000.0) as u64)
}
