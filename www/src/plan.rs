//! What a flood is to do, read from its form.

use std::fmt;

use sluicegate::{InvalidOption, Options};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlFormElement, HtmlInputElement, HtmlSelectElement};

use crate::page;

/// What a bare flood may hand over at most, in MiB: the browser has to hold it.
pub(crate) const BARE_CAP: u64 = 64;

/// How messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Through the gate; the task waits.
    Await,
    /// Through the gate; the queue fills, and `on_drain` says when to go on.
    Queue,
    /// The browser's own `send`, without a look at `bufferedAmount`.
    Bare,
}

/// A flood, before it starts.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    /// The endpoint's path.
    pub(crate) path: String,
    /// Bytes in a message.
    pub(crate) size: usize,
    /// How many messages.
    pub(crate) messages: u64,
    /// Whether it was to be more.
    pub(crate) is_cut: bool,
    pub(crate) options: Options,
}

/// Why a form is no plan.
#[derive(Clone, Debug)]
pub(crate) enum PlanError {
    /// A mark is no number.
    Mark(&'static str, String),
    /// The marks make no sense together.
    Option(InvalidOption),
}

/// The fields of the form.
pub(crate) struct PlanForm {
    form: HtmlFormElement,
    target: HtmlSelectElement,
    size: HtmlSelectElement,
    total: HtmlSelectElement,
    pub(crate) high: HtmlInputElement,
    pub(crate) low: HtmlInputElement,
}

impl PlanForm {
    pub(crate) fn find() -> Result<Self, JsError> {
        Ok(Self {
            form: page::find("flood-form")?,
            target: page::find("flood-target")?,
            size: page::find("flood-size")?,
            total: page::find("flood-total")?,
            high: page::find("mark-high")?,
            low: page::find("mark-low")?,
        })
    }

    pub(crate) fn read(&self) -> Result<Plan, PlanError> {
        let mode = self.mode();
        let size = self.size.value().parse().unwrap_or(64);
        let asked: u64 = self.total.value().parse().unwrap_or(8);
        let cap = if mode == Mode::Bare { BARE_CAP } else { asked };
        Ok(Plan {
            mode,
            path: self.target.value(),
            size,
            messages: (asked.min(cap) << 20) / size as u64,
            is_cut: asked > cap,
            options: self.options()?,
        })
    }

    /// The marks alone, as far as they make sense.
    pub(crate) fn options(&self) -> Result<Options, PlanError> {
        let options = Options::new()
            .high_water_mark(kibibytes("high mark", &self.high)?)
            .low_water_mark(kibibytes("low mark", &self.low)?)
            .close_timeout(crate::connection::PATIENCE)
            .drain_timeout(crate::connection::PATIENCE);
        options.validate().map_err(PlanError::Option)?;
        Ok(options)
    }

    /// The field that can mend an error.
    pub(crate) fn field_of(&self, error: &PlanError) -> &HtmlInputElement {
        match error {
            PlanError::Mark("low mark", _) | PlanError::Option(InvalidOption::LowWaterMark) => {
                &self.low
            }
            _ => &self.high,
        }
    }

    fn mode(&self) -> Mode {
        let checked = self
            .form
            .query_selector("[name=mode]:checked")
            .ok()
            .flatten();
        let value = checked.and_then(|radio| radio.get_attribute("value"));
        match value.as_deref() {
            Some("bare") => Mode::Bare,
            Some("queue") => Mode::Queue,
            _ => Mode::Await,
        }
    }
}

fn kibibytes(name: &'static str, field: &HtmlInputElement) -> Result<usize, PlanError> {
    let text = field.value();
    let number: Option<usize> = text.trim().parse().ok();
    number
        .and_then(|number| number.checked_mul(1024))
        .ok_or(PlanError::Mark(name, text))
}

impl Plan {
    pub(crate) fn url(&self) -> String {
        format!("{}{}", page::socket_origin(), self.path)
    }

    /// Whether the endpoint tells what arrived.
    pub(crate) fn is_counted(&self) -> bool {
        self.path != "/deaf"
    }

    /// The payload of a message: its number, then zeros.
    pub(crate) fn payload(&self, number: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        if let Some(head) = bytes.first_chunk_mut() {
            *head = (number as u32).to_le_bytes();
        }
        bytes
    }
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Await => "Gate, send().await",
            Self::Queue => "Gate, try_send",
            Self::Bare => "Bare",
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mark(name, text) => write!(f, "{name} {text:?} is not a number of KiB"),
            Self::Option(error) => error.fmt(f),
        }
    }
}
