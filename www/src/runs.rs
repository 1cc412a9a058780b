//! The last floods, side by side.

use std::cell::RefCell;
use std::collections::VecDeque;

use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use crate::plan::Plan;
use crate::run::Snapshot;
use crate::{absence, format, numbers, page};

/// How many are kept.
const MAX_RUNS: usize = 6;

/// The table of floods, newest first.
pub(crate) struct Runs {
    body: HtmlElement,
    rows: RefCell<VecDeque<Row>>,
}

struct Row {
    element: Element,
    bar: HtmlElement,
    peak: u64,
}

impl Runs {
    pub(crate) fn find() -> Result<Self, JsError> {
        Ok(Self {
            body: page::find("runs")?,
            rows: RefCell::default(),
        })
    }

    pub(crate) fn add(&self, plan: &Plan, result: &Snapshot, stopped: bool) -> Result<(), JsError> {
        let row = Row::new(plan, result, stopped)?;
        let mut rows = self.rows.borrow_mut();
        if rows.is_empty() {
            self.body.set_text_content(None);
        }
        self.body.prepend_with_node_1(&row.element).ok();
        rows.push_front(row);
        if rows.len() > MAX_RUNS
            && let Some(oldest) = rows.pop_back()
        {
            oldest.element.remove();
        }
        scale_bars(&rows);
        Ok(())
    }
}

/// The longest bar stands for the highest peak.
fn scale_bars(rows: &VecDeque<Row>) {
    let highest = rows.iter().map(|row| row.peak).max().unwrap_or(0).max(1);
    for row in rows {
        let share = row.peak as f64 / highest as f64;
        let share = format!("{share:.4}");
        row.bar.style().set_property("--share", &share).ok();
    }
}

impl Row {
    fn new(plan: &Plan, result: &Snapshot, stopped: bool) -> Result<Self, JsError> {
        let class = if plan.mode.is_bare() { "bare" } else { "gated" };
        let element = page::create("tr", class, "")?;
        let name = page::create("th", "", plan.mode.name())?;
        name.set_attribute("scope", "row").ok();
        element.append_child(&name).ok();
        let target = format!(
            "{}, {}",
            target(&plan.path),
            format::bytes(plan.size as u64)
        );
        let time = format::duration(result.elapsed);
        let time = if stopped {
            format!("{time}, stopped")
        } else {
            time
        };
        let bar = add(&element, "To", &target)
            .and_then(|_| add(&element, "Sent", &numbers::sent(result)))
            .and_then(|_| add(&element, "Arrived", &numbers::arrived(result.arrived)))
            .and_then(|_| add(&element, "Peak", &format::bytes(result.peak)))?;
        bar.set_class_name("peak");
        add(&element, "Time", &time)?;
        add(
            &element,
            "Rate",
            &format::rate(result.sent_bytes, result.elapsed),
        )?;
        let hidden = absence::rate(result.split.hidden);
        add(&element, "Rate hidden", &hidden)?;
        add(&element, "Dropped", &format::count(result.dropped))?;
        add(&element, "Polls", &format::count(result.polls))?;
        Ok(Self {
            element,
            bar: bar.unchecked_into(),
            peak: result.peak,
        })
    }
}

/// Adds a cell, which is named where the table has no room for its head.
fn add(row: &Element, name: &str, text: &str) -> Result<Element, JsError> {
    let cell = page::create("td", "", text)?;
    cell.set_attribute("data-name", name).ok();
    row.append_child(&cell).ok();
    Ok(cell)
}

/// `/slow?rate=1048576` as `slow, 1 MiB/s`.
fn target(path: &str) -> String {
    let name = path.trim_start_matches('/');
    match name.split_once("?rate=") {
        Some((name, rate)) => {
            let rate = rate.parse().unwrap_or_default();
            format!("{name} {}/s", format::bytes(rate))
        }
        None => name.into(),
    }
}
