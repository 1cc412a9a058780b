//! The states that a connection went through, and when.

use sluicegate::ReadyState;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use crate::format;
use crate::page::{self, Text};

/// The four states as a row of steps.
pub(crate) struct Timeline {
    steps: Vec<Step>,
    spoken: Text,
}

struct Step {
    state: ReadyState,
    element: Element,
    time: Element,
}

impl Timeline {
    pub(crate) fn new() -> Result<Self, JsError> {
        let list: HtmlElement = page::find("states")?;
        let states = [
            ReadyState::Connecting,
            ReadyState::Open,
            ReadyState::Closing,
            ReadyState::Closed,
        ];
        let steps = states.into_iter().map(|state| Step::find(&list, state));
        Ok(Self {
            steps: steps.collect::<Result<_, _>>()?,
            spoken: Text::find("state-spoken")?,
        })
    }

    /// A new connection begins.
    pub(crate) fn reset(&self) {
        for step in &self.steps {
            step.element.set_class_name("");
            step.element.remove_attribute("aria-current").ok();
            step.time.set_text_content(None);
        }
    }

    /// The connection is in this state, so many milliseconds after its beginning.
    pub(crate) fn show(&self, current: ReadyState, elapsed: f64) {
        for step in &self.steps {
            let is_current = step.state == current;
            if is_current && !step.was_reached() {
                step.reach(elapsed);
                self.spoken.set(&format!("The connection is {current}."));
            }
            step.mark(is_current);
        }
    }
}

impl Step {
    fn find(list: &HtmlElement, state: ReadyState) -> Result<Self, JsError> {
        let find = |selector: &str| list.query_selector(selector).ok().flatten();
        let missing = || JsError::new("the page lacks a state");
        let selector = format!("[data-state={state}]");
        Ok(Self {
            state,
            element: find(&selector).ok_or_else(missing)?,
            time: find(&format!("{selector} .state-time")).ok_or_else(missing)?,
        })
    }

    fn was_reached(&self) -> bool {
        self.element.class_list().contains("reached")
    }

    fn reach(&self, elapsed: f64) {
        self.element.set_class_name("reached");
        let time = format!("+{}", format::duration(elapsed));
        self.time.set_text_content(Some(&time));
    }

    fn mark(&self, is_current: bool) {
        if is_current {
            self.element.set_attribute("aria-current", "step").ok();
        } else {
            self.element.remove_attribute("aria-current").ok();
        }
    }
}
