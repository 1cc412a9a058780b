//! The flow control view: starting, watching and stopping a flood.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Interval;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement};

use crate::absence::Absences;
use crate::form::PlanForm;
use crate::inside::Inside;
use crate::numbers::Numbers;
use crate::page::{self, Fault, Text};
use crate::plan::{Mode, Plan};
use crate::plot::Plot;
use crate::run::{Run, Snapshot};
use crate::runs::Runs;
use crate::{bare, format, gated, plan};

/// Milliseconds between two drawings.
const DRAW_INTERVAL: u32 = 50;
/// Drawing takes at most this part of the time, so that a slow machine can do the rest.
const DRAW_SHARE: f64 = 0.2;
/// After so many milliseconds without movement the peer counts as slow to take.
const STILL: f64 = 1000.0;

struct Flood {
    form: PlanForm,
    fault: Fault,
    status: Text,
    absences: Absences,
    plot: Rc<Plot>,
    numbers: Numbers,
    inside: Inside,
    runs: Runs,
    current: RefCell<Option<Current>>,
    /// When to draw again, at the earliest.
    rested: Cell<f64>,
}

/// The flood that runs, and what draws it.
struct Current {
    run: Rc<Run>,
    _drawing: Interval,
}

/// Makes the view work.
pub(crate) fn start() -> Result<(), JsError> {
    let flood = Rc::new(Flood {
        form: PlanForm::find()?,
        fault: Fault::find("flood-error", &[])?,
        status: Text::find("flood-status")?,
        absences: Absences::find()?,
        plot: Plot::new()?,
        numbers: Numbers::find()?,
        inside: Inside::find()?,
        runs: Runs::find()?,
        current: RefCell::default(),
        rested: Cell::default(),
    });
    flood.listen()
}

impl Flood {
    fn listen(self: &Rc<Self>) -> Result<(), JsError> {
        let this = self.clone();
        let form = page::find::<HtmlElement>("flood-form")?;
        page::listen(&form, "submit", move |event: Event| {
            event.prevent_default();
            this.begin();
        })?;
        let this = self.clone();
        let stop = page::find::<HtmlElement>("flood-stop")?;
        page::listen(&stop, "click", move |_: Event| this.stop())?;
        let this = self.clone();
        self.form.listen(move || this.preview())?;
        let this = self.clone();
        let document = page::document()?;
        page::listen(&document, "visibilitychange", move |_: Event| {
            this.handle_visibility();
        })
    }

    // ---- a flood's life ----

    fn begin(self: &Rc<Self>) {
        if self.current.borrow().is_some() {
            self.fault.show("a flood is running; stop it first", &[]);
            return;
        }
        self.fault.clear();
        match self.form.read() {
            Ok(plan) => self.run(plan),
            Err(error) => self.form.refuse(&error),
        }
    }

    fn run(self: &Rc<Self>, plan: Plan) {
        self.form.clear_errors();
        self.plot.clear(&plan.options);
        self.status.set("Connecting.");
        let run = Rc::new(Run::new(plan));
        let this = self.clone();
        let _drawing = Interval::new(DRAW_INTERVAL, move || this.tick());
        *self.current.borrow_mut() = Some(Current {
            run: run.clone(),
            _drawing,
        });
        let this = self.clone();
        spawn_local(async move {
            let result = match run.plan.mode {
                Mode::Bare | Mode::BareTimer => bare::flood(run.clone()).await,
                Mode::Await | Mode::Queue => gated::flood(run.clone()).await,
            };
            if !run.is_stopped() {
                this.end(&result.map(|()| "Done"));
            }
        });
    }

    fn stop(&self) {
        match self.running() {
            Some(run) => {
                self.end(&Ok("Stopped"));
                run.stop();
            }
            None => self.status.set("No flood is running."),
        }
    }

    /// Draws the last state, keeps the numbers and closes the socket.
    fn end(&self, result: &Result<&str, String>) {
        let Some(Current { run, _drawing }) = self.current.take() else {
            return;
        };
        self.fault.clear();
        let last = self.draw(&run);
        self.absences.tell(run.plan.mode, last.split);
        match result {
            Ok(how) => {
                self.status.set(&summary(how, &run, &last));
                let stopped = *how == "Stopped";
                self.runs.add(&run.plan, &last, stopped).ok();
            }
            Err(error) => self.status.set(&format!("Failed: {error}.")),
        }
        run.close();
    }

    /// The page was hidden, or is seen again. The flood does not care, and says so afterwards.
    fn handle_visibility(&self) {
        let Some(run) = self.running() else {
            return;
        };
        let is_hidden = page::is_hidden();
        run.handle_visibility(is_hidden);
        if !is_hidden {
            self.draw_current();
            self.absences.tell(run.plan.mode, run.snapshot().split);
        }
    }

    fn running(&self) -> Option<Rc<Run>> {
        let current = self.current.borrow();
        current.as_ref().map(|current| current.run.clone())
    }

    // ---- showing ----

    /// Looks at the flood, and draws it if anybody can see it.
    fn tick(&self) {
        if let Some(run) = self.running() {
            run.sample();
        }
        if !page::is_hidden() && page::now() >= self.rested.get() {
            self.draw_current();
        }
    }

    fn draw_current(&self) {
        if let Some(run) = self.running() {
            let now = self.draw(&run);
            self.status.set(progress(&run.plan, &now));
        }
    }

    fn draw(&self, run: &Run) -> Snapshot {
        let began = page::now();
        run.sample();
        let now = run.snapshot();
        self.plot
            .draw(&run.history.borrow(), run.hidden_stretches());
        self.numbers.show(&now, run.offered());
        self.inside.show(run);
        let ended = page::now();
        self.rested.set(ended + (ended - began) / DRAW_SHARE);
        now
    }

    /// Looks at the form before a flood starts, and shows its marks.
    fn preview(&self) {
        match self.form.read() {
            Ok(plan) => {
                self.form.clear_errors();
                if self.current.borrow().is_none() {
                    self.plot.clear(&plan.options);
                }
            }
            Err(error) => self.form.show(&error),
        }
    }
}

/// What goes on, in words that change rarely enough to be read out.
fn progress(plan: &Plan, now: &Snapshot) -> &'static str {
    let is_still = now.still > STILL && now.buffered > 0;
    match (plan.mode, is_still) {
        (Mode::Bare | Mode::BareTimer, true) => {
            "The browser holds what the peer does not take. Stop when you have seen enough."
        }
        (_, true) => "The gate is shut: the peer takes nothing. Stop when you have seen enough.",
        (Mode::Bare | Mode::BareTimer, false) => "Flooding without a gate.",
        (_, false) => "Flooding through the gate.",
    }
}

/// What happened, in a sentence.
fn summary(how: &str, run: &Run, last: &Snapshot) -> String {
    let bound = if run.was_held_back() && run.plan.mode.is_bare() {
        let bound = plan::BARE_BOUND;
        format!(" (held back at {bound} MiB, so that the tab survives)")
    } else {
        String::new()
    };
    let dropped = match last.dropped {
        0 => String::new(),
        dropped => format!(", {} dropped", format::count(dropped)),
    };
    format!(
        "{how}: {} in {} {}{dropped}; the browser held up to {}{bound}.",
        format::messages(last.sent),
        format::duration(last.elapsed),
        run.plan.mode.phrase(),
        format::bytes(last.peak),
    )
}
