//! Being woken in a hidden page, where timers fall to one a second (measured in three engines).

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use js_sys::Int32Array;
use js_sys::WebAssembly::Memory;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use crate::{WakeSource, WokenBy};

use super::bindings::{Callback, Ending, get, wait_async};
use super::clock::{Bell, now};
use super::listener::Listener;

/// What a timer is replaced by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Substitute {
    /// [`Pulse::beat`] comes back in time.
    Pulse,
    /// Ticks until the time has come.
    Ticks,
    /// A timer all the same, one a second, or sooner when the page becomes visible.
    None,
}

/// A timer for hidden pages, one for all sockets: `Atomics.waitAsync` with a time-out, on memory
/// that nobody ever notifies.
///
/// It is neither clamped nor throttled in Chromium and WebKitGTK (48 MiB in 16 KiB messages, hidden:
/// 200 and 140 MiB/s against 1.2 and 2.2 with timers). In Firefox it is throttled like a timer,
/// which is found out by trying; there short waits are spent in ticks, so that looks go on for as
/// long as each sees progress. They are while it is tried, too: finding out takes 2 s (the first 48 MiB
/// in a hidden Firefox: 216 MiB/s in 16 KiB messages and 522 in 256 KiB, otherwise 22). All measured.
#[derive(Default)]
pub(super) struct Pulse {
    memory: OnceCell<Option<Int32Array>>,
    /// When the wait under way should end. It cannot be called back: an early end by
    /// `Atomics.notify` leaves a timer behind in WebKitGTK (measured).
    due: Cell<Option<Duration>>,
    /// How many waits in a row ended far too late.
    late: Cell<u32>,
    /// How many in a row did not.
    in_time: Cell<u32>,
    /// It is not tried again before this time.
    distrusted_until: Cell<Duration>,
    bells: RefCell<Vec<Weak<Bell>>>,
    on_beat: OnceCell<Callback>,
    /// Made by the first wait, so that bells ring at once when the page becomes visible.
    on_visible: OnceCell<Listener>,
}

thread_local! {
    static PULSE: Rc<Pulse> = Rc::default();
}

/// The one pulse of this page.
pub(super) fn pulse() -> Rc<Pulse> {
    PULSE.with(Rc::clone)
}

/// Whether this is a window's code, and the window cannot be seen.
pub(super) fn is_hidden() -> bool {
    let document = document();
    !document.is_undefined() && get(&document, "hidden").as_bool() == Some(true)
}

/// `undefined` in a worker, whose timers are not throttled.
fn document() -> JsValue {
    get(&js_sys::global(), "document")
}

impl Pulse {
    /// Wakes the bell after a delay, or when the page becomes visible if that is sooner. `idle` is
    /// for how long it will have waited in vain by then. Says what the caller has to do for it.
    pub(super) fn replace_timer(
        self: &Rc<Self>,
        bell: Weak<Bell>,
        source: WakeSource,
        delay: Duration,
        idle: Duration,
    ) -> Substitute {
        let substitute = self.choose(source, delay, idle);
        if substitute != Substitute::Ticks {
            self.register(bell);
        }
        substitute
    }

    fn choose(self: &Rc<Self>, source: WakeSource, delay: Duration, idle: Duration) -> Substitute {
        if source == WakeSource::Timer || delay > MAX_WAIT {
            return Substitute::None;
        }
        let is_short = idle <= MAX_BURST;
        let trusted = source == WakeSource::Automatic && self.distrusted_until.get() <= now();
        let beats = trusted && self.start(delay);
        if beats && (self.in_time.get() >= PROOF || !is_short) {
            Substitute::Pulse
        } else if is_short {
            Substitute::Ticks
        } else {
            Substitute::None
        }
    }

    /// Starts a wait, unless one is under way. False where that is not possible.
    fn start(self: &Rc<Self>, delay: Duration) -> bool {
        if let Some(due) = self.due.get() {
            let lost = now().saturating_sub(due) > LOST;
            if lost {
                self.due.set(None);
                self.distrust();
            }
            return !lost;
        }
        let Some(memory) = self.memory.get_or_init(memory) else {
            return false;
        };
        // With 0 it would end before it begins.
        let delay = delay.clamp(MIN_BEAT, MAX_BEAT);
        let Ok(wait) = wait_async(memory, 0, 0, delay.as_secs_f64() * 1000.0) else {
            return false;
        };
        if get(&wait, "async").as_bool() != Some(true) {
            return false;
        }
        let pulse = Rc::downgrade(self);
        let on_beat = self.on_beat.get_or_init(|| {
            Closure::new(move |_| {
                if let Some(pulse) = pulse.upgrade() {
                    pulse.beat();
                }
            })
        });
        let ending: Ending = get(&wait, "value").unchecked_into();
        ending.then(on_beat.as_ref().unchecked_ref());
        self.due.set(Some(now().saturating_add(delay)));
        true
    }

    fn beat(&self) {
        let late = now().saturating_sub(self.due.take().unwrap_or_default());
        if is_hidden() {
            self.judge(late > THROTTLED);
        }
        for bell in self.take_bells() {
            bell.check();
        }
    }

    /// A wait ended, late or in time.
    fn judge(&self, late: bool) {
        let (rises, falls) = match late {
            true => (&self.late, &self.in_time),
            false => (&self.in_time, &self.late),
        };
        rises.set(rises.get().saturating_add(1));
        falls.set(0);
        if self.late.get() >= MAX_LATE {
            self.distrust();
        }
    }

    fn distrust(&self) {
        self.in_time.set(0);
        self.distrusted_until.set(now().saturating_add(DISTRUST));
    }

    fn handle_visibility(&self) {
        if !is_hidden() {
            // It may have been a busy page.
            self.late.set(0);
            self.distrusted_until.set(Duration::ZERO);
            for bell in self.take_bells() {
                bell.ring(WokenBy::Visibility);
            }
        }
    }

    fn register(self: &Rc<Self>, bell: Weak<Bell>) {
        let mut bells = self.bells.borrow_mut();
        bells.retain(|other| other.strong_count() > 0);
        if !bells.iter().any(|other| other.ptr_eq(&bell)) {
            bells.push(bell);
        }
        drop(bells);
        self.on_visible.get_or_init(|| {
            let document: EventTarget = document().unchecked_into();
            let pulse = Rc::downgrade(self);
            Listener::new(&document, "visibilitychange", move |_| {
                if let Some(pulse) = pulse.upgrade() {
                    pulse.handle_visibility();
                }
            })
        });
    }

    /// The bells that waited; none does any more.
    fn take_bells(&self) -> Vec<Rc<Bell>> {
        let bells = self.bells.take();
        bells.iter().filter_map(Weak::upgrade).collect()
    }
}

/// Shared memory to wait on. Windows have it without cross-origin isolation, and Chromium allows
/// 123 of them (measured), which is why there is one.
fn memory() -> Option<Int32Array> {
    let descriptor = js_sys::JSON::parse(r#"{"initial":1,"maximum":1,"shared":true}"#).ok()?;
    let memory = Memory::new(descriptor.unchecked_ref()).ok()?;
    Some(Int32Array::new(&memory.buffer()))
}

/// The shortest and the longest wait. One wait serves all sockets, so none may be long.
const MIN_BEAT: Duration = Duration::from_millis(1);
const MAX_BEAT: Duration = Duration::from_millis(16);

/// For longer delays a throttled timer is good enough.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A wait that ends so much too late was throttled. Chromium and WebKitGTK are at most 17 ms late
/// in a hidden page, Firefox about a second (measured).
const THROTTLED: Duration = Duration::from_millis(250);

/// After so many of them in a row it is the engine and not a busy page.
const MAX_LATE: u32 = 2;

/// A wait that is overdue by so much will never end, as in workers of WebKitGTK (measured).
const LOST: Duration = Duration::from_secs(5);

/// For how long ticks stand in after either. A page that was merely busy is not judged for ever.
const DISTRUST: Duration = Duration::from_secs(60);

/// After so many in time it is trusted. In Firefox the first may be in time by chance, the one after
/// it cannot be.
const PROOF: u32 = 2;

/// For how long ticks go on without progress; then the wait goes on with timers, so that a peer that
/// stands still costs no work. Firefox shows whole messages only: with 7 ms at least 11 of 27 floods
/// of 48 MiB in 256 KiB messages lost a second, with 15 ms 3 of 72; and on a machine whose two cores
/// are busy 15 ms left an eighth of the visible rate (measured).
const MAX_BURST: Duration = Duration::from_millis(100);
