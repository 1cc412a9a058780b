//! The switches of a flood, and what is wrong with them.

use std::fmt;
use std::time::Duration;

use sluicegate::{InvalidOption, Options, Overflow, RateLimit, WakeSource};
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlFormElement, HtmlInputElement, HtmlSelectElement};

use crate::connection::PATIENCE;
use crate::format::MIB;
use crate::page::{self, Fault};
use crate::plan::{Goal, Mode, Plan};

/// After so long without movement the socket counts as stalled; the page says so, too.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The fields of the form.
pub(crate) struct PlanForm {
    form: HtmlFormElement,
    target: HtmlSelectElement,
    size: HtmlSelectElement,
    goal: HtmlSelectElement,
    high: HtmlInputElement,
    low: HtmlInputElement,
    wake_source: HtmlSelectElement,
    capacity: HtmlInputElement,
    overflow: HtmlSelectElement,
    rate_limit: HtmlInputElement,
    pace: HtmlSelectElement,
    keys: HtmlSelectElement,
    time_to_live: HtmlInputElement,
    gate_fault: Fault,
    queue_fault: Fault,
    messages_fault: Fault,
}

/// A field that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    High,
    Low,
    Capacity,
    RateLimit,
    TimeToLive,
}

/// Why a form is no plan.
#[derive(Clone, Debug)]
pub(crate) enum PlanError {
    /// What was entered is no number.
    Number(Field, String),
    /// The numbers make no sense together.
    Option(InvalidOption),
}

impl PlanForm {
    pub(crate) fn find() -> Result<Self, JsError> {
        let high: HtmlInputElement = page::find("mark-high")?;
        let low: HtmlInputElement = page::find("mark-low")?;
        let capacity: HtmlInputElement = page::find("capacity")?;
        let rate_limit: HtmlInputElement = page::find("rate-limit")?;
        let time_to_live: HtmlInputElement = page::find("time-to-live")?;
        Ok(Self {
            form: page::find("flood-form")?,
            target: page::find("flood-target")?,
            size: page::find("flood-size")?,
            goal: page::find("flood-goal")?,
            gate_fault: Fault::find("gate-error", &[&high, &low])?,
            high,
            low,
            wake_source: page::find("wake-source")?,
            queue_fault: Fault::find("queue-error", &[&capacity, &rate_limit])?,
            capacity,
            overflow: page::find("overflow")?,
            rate_limit,
            pace: page::find("pace")?,
            keys: page::find("keys")?,
            messages_fault: Fault::find("message-error", &[&time_to_live])?,
            time_to_live,
        })
    }

    /// Calls the function whenever a field with a number changes.
    pub(crate) fn listen(&self, changed: impl Fn() + Clone + 'static) -> Result<(), JsError> {
        for field in [
            &self.high,
            &self.low,
            &self.capacity,
            &self.rate_limit,
            &self.time_to_live,
        ] {
            let changed = changed.clone();
            page::listen(field, "change", move |_: Event| changed())?;
        }
        Ok(())
    }

    // ---- reading ----

    pub(crate) fn read(&self) -> Result<Plan, PlanError> {
        let size = self.size.value().parse().unwrap_or(64);
        Ok(Plan {
            mode: self.mode(),
            path: self.target.value(),
            size,
            goal: read_goal(&self.goal.value(), size),
            pace: self.pace.value().parse().unwrap_or(1.0) * MIB,
            keys: self.keys.value().parse().ok(),
            options: self.options()?,
            rate_limit: self.rate_limit()?,
            time_to_live: self.time_to_live()?,
        })
    }

    fn options(&self) -> Result<Options, PlanError> {
        let options = Options::new()
            .high_water_mark(kibibytes(Field::High, &self.high)?)
            .low_water_mark(kibibytes(Field::Low, &self.low)?)
            .capacity(kibibytes(Field::Capacity, &self.capacity)?)
            .overflow(match self.overflow.value().as_str() {
                "oldest" => Overflow::DropOldest,
                "newest" => Overflow::DropNewest,
                _ => Overflow::Reject,
            })
            .wake_source(match self.wake_source.value().as_str() {
                "channel" => WakeSource::Channel,
                "timer" => WakeSource::Timer,
                _ => WakeSource::Automatic,
            })
            .stall_timeout(STALL_TIMEOUT)
            .close_timeout(PATIENCE)
            .drain_timeout(PATIENCE);
        options.validate().map_err(PlanError::Option)?;
        Ok(options)
    }

    fn rate_limit(&self) -> Result<Option<RateLimit>, PlanError> {
        if is_empty(&self.rate_limit) {
            return Ok(None);
        }
        let bytes = kibibytes(Field::RateLimit, &self.rate_limit)?;
        let bytes = u32::try_from(bytes)
            .map_err(|_| PlanError::Number(Field::RateLimit, self.rate_limit.value()))?;
        let limit = RateLimit::new().bytes(bytes, Duration::from_secs(1));
        limit.validate().map_err(PlanError::Option)?;
        Ok(Some(limit))
    }

    fn time_to_live(&self) -> Result<Option<Duration>, PlanError> {
        if is_empty(&self.time_to_live) {
            return Ok(None);
        }
        let milliseconds: u32 = number(Field::TimeToLive, &self.time_to_live)?;
        Ok(Some(Duration::from_millis(milliseconds.into())))
    }

    fn mode(&self) -> Mode {
        let checked = self
            .form
            .query_selector("[name=mode]:checked")
            .ok()
            .flatten();
        let value = checked.and_then(|radio| radio.get_attribute("value"));
        match value.as_deref() {
            Some("timer") => Mode::BareTimer,
            Some("bare") => Mode::Bare,
            Some("queue") => Mode::Queue,
            _ => Mode::Await,
        }
    }

    // ---- what is wrong ----

    /// Shows an error beside the field that can mend it.
    pub(crate) fn show(&self, error: &PlanError) {
        self.clear_errors();
        let (fault, field) = self.place_of(error);
        fault.show(&error.to_string(), &[field]);
    }

    /// The same, and goes to the field.
    pub(crate) fn refuse(&self, error: &PlanError) {
        self.clear_errors();
        let (fault, field) = self.place_of(error);
        fault.refuse(&error.to_string(), field);
    }

    pub(crate) fn clear_errors(&self) {
        for fault in [&self.gate_fault, &self.queue_fault, &self.messages_fault] {
            fault.clear();
        }
    }

    fn place_of(&self, error: &PlanError) -> (&Fault, &HtmlInputElement) {
        match error.field() {
            Field::High => (&self.gate_fault, &self.high),
            Field::Low => (&self.gate_fault, &self.low),
            Field::Capacity => (&self.queue_fault, &self.capacity),
            Field::RateLimit => (&self.queue_fault, &self.rate_limit),
            Field::TimeToLive => (&self.messages_fault, &self.time_to_live),
        }
    }
}

/// `64 MiB`, `60 s` or `stop`.
fn read_goal(text: &str, size: usize) -> Goal {
    let (number, unit) = text.split_once(' ').unwrap_or_default();
    let number: u32 = number.parse().unwrap_or_default();
    match unit {
        "MiB" => Goal::Messages((u64::from(number) << 20) / size as u64),
        "s" => Goal::Time(f64::from(number) * 1000.0),
        _ => Goal::Stop,
    }
}

fn is_empty(field: &HtmlInputElement) -> bool {
    field.value().trim().is_empty()
}

fn number<N: std::str::FromStr>(field: Field, input: &HtmlInputElement) -> Result<N, PlanError> {
    let text = input.value();
    text.trim()
        .parse()
        .map_err(|_| PlanError::Number(field, text))
}

fn kibibytes(field: Field, input: &HtmlInputElement) -> Result<usize, PlanError> {
    let number: usize = number(field, input)?;
    number
        .checked_mul(1024)
        .ok_or_else(|| PlanError::Number(field, input.value()))
}

impl PlanError {
    fn field(&self) -> Field {
        match self {
            Self::Number(field, _) => *field,
            Self::Option(InvalidOption::LowWaterMark) => Field::Low,
            Self::Option(InvalidOption::Capacity) => Field::Capacity,
            Self::Option(InvalidOption::RateLimit) => Field::RateLimit,
            Self::Option(_) => Field::High,
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit, text) = match self {
            Self::Option(error) => return error.fmt(f),
            Self::Number(Field::High, text) => ("high mark", "KiB", text),
            Self::Number(Field::Low, text) => ("low mark", "KiB", text),
            Self::Number(Field::Capacity, text) => ("capacity", "KiB", text),
            Self::Number(Field::RateLimit, text) => ("rate limit", "KiB", text),
            Self::Number(Field::TimeToLive, text) => ("time to live", "ms", text),
        };
        write!(f, "{name} {text:?} is not a number of {unit}")
    }
}
