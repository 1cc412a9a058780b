//! The flow control view: starting, watching and stopping a flood.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Interval;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement};

use crate::numbers::Numbers;
use crate::page::{self, Fault, Text};
use crate::plan::{BARE_CAP, Mode, Plan, PlanForm};
use crate::plot::Plot;
use crate::run::{Run, Snapshot};
use crate::runs::Runs;
use crate::{bare, format, gated};

/// Milliseconds between two drawings.
const DRAW_INTERVAL: u32 = 50;
/// After so many milliseconds without movement the peer counts as slow to take.
const STILL: f64 = 1000.0;

struct Flood {
    form: PlanForm,
    fault: Fault,
    status: Text,
    plot: Rc<Plot>,
    numbers: Numbers,
    runs: Runs,
    current: RefCell<Option<Current>>,
}

/// The flood that runs, and what draws it.
struct Current {
    run: Rc<Run>,
    _drawing: Interval,
}

/// Makes the view work.
pub(crate) fn start() -> Result<(), JsError> {
    let form = PlanForm::find()?;
    let flood = Rc::new(Flood {
        fault: Fault::find("flood-error", &[&form.high, &form.low])?,
        form,
        status: Text::find("flood-status")?,
        plot: Plot::new()?,
        numbers: Numbers::find()?,
        runs: Runs::find()?,
        current: RefCell::default(),
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
        for mark in [&self.form.high, &self.form.low] {
            let this = self.clone();
            page::listen(mark, "change", move |_: Event| this.preview_marks())?;
        }
        Ok(())
    }

    // ---- a flood's life ----

    fn begin(self: &Rc<Self>) {
        if self.current.borrow().is_some() {
            self.fault.show("a flood is running; stop it first", &[]);
            return;
        }
        match self.form.read() {
            Ok(plan) => self.run(plan),
            Err(error) => {
                let field = self.form.field_of(&error);
                self.fault.refuse(&error.to_string(), field);
            }
        }
    }

    fn run(self: &Rc<Self>, plan: Plan) {
        self.fault.clear();
        self.plot.clear(&plan.options);
        self.status.set("Connecting.");
        let run = Rc::new(Run::new(plan));
        let this = self.clone();
        let _drawing = Interval::new(DRAW_INTERVAL, move || this.draw_current());
        *self.current.borrow_mut() = Some(Current {
            run: run.clone(),
            _drawing,
        });
        let this = self.clone();
        spawn_local(async move {
            let result = match run.plan.mode {
                Mode::Bare => bare::flood(run.clone()).await,
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
        let last = self.draw(&run);
        match result {
            Ok(how) => {
                self.status.set(&summary(how, &run.plan, &last));
                let stopped = *how == "Stopped";
                self.runs.add(&run.plan, &last, stopped).ok();
            }
            Err(error) => self.status.set(&format!("Failed: {error}.")),
        }
        run.close();
    }

    fn running(&self) -> Option<Rc<Run>> {
        let current = self.current.borrow();
        current.as_ref().map(|current| current.run.clone())
    }

    // ---- showing ----

    fn draw_current(&self) {
        if let Some(run) = self.running() {
            let now = self.draw(&run);
            self.status.set(progress(&run.plan, &now));
        }
    }

    fn draw(&self, run: &Run) -> Snapshot {
        run.sample();
        let now = run.snapshot();
        self.plot.draw(&run.history.borrow());
        self.numbers.show(&now);
        now
    }

    fn preview_marks(&self) {
        match self.form.options() {
            Ok(options) => {
                self.fault.clear();
                if self.current.borrow().is_none() {
                    self.plot.clear(&options);
                }
            }
            Err(error) => self
                .fault
                .show(&error.to_string(), &[self.form.field_of(&error)]),
        }
    }
}

/// What goes on, in words that change rarely enough to be read out.
fn progress(plan: &Plan, now: &Snapshot) -> &'static str {
    let is_still = now.still > STILL && now.buffered > 0;
    match (plan.mode, is_still) {
        (Mode::Bare, true) => {
            "The browser holds what the peer does not take. Stop when you have seen enough."
        }
        (_, true) => "The gate is shut: the peer takes nothing. Stop when you have seen enough.",
        (Mode::Bare, false) => "Flooding without a gate.",
        (_, false) => "Flooding through the gate.",
    }
}

/// What happened, in a sentence.
fn summary(how: &str, plan: &Plan, last: &Snapshot) -> String {
    let gate = match plan.mode {
        Mode::Bare => "without a gate",
        Mode::Await | Mode::Queue => "through the gate",
    };
    let cut = if plan.is_cut {
        format!(" (a bare flood ends at {BARE_CAP} MiB, so that the tab survives)")
    } else {
        String::new()
    };
    format!(
        "{how}: {} in {} {gate}{cut}; the browser held up to {}.",
        format::messages(last.sent),
        format::duration(last.elapsed),
        format::bytes(last.peak),
    )
}
