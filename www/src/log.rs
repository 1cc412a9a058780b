//! What was sent and received: a bounded list, written once a frame however fast messages come.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use sluicegate::Message;
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlButtonElement, HtmlElement};

use crate::format;
use crate::page::{self, Frame, Text};

/// How many rows are kept.
const MAX_ROWS: usize = 500;
/// How near to the end counts as the end, in pixels.
const END_TOLERANCE: i32 = 24;

/// Which way a row went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    /// Sent, but it waits in the queue.
    Queued,
    Received,
    /// No message: something that happened.
    Event,
}

/// The message log.
pub(crate) struct Log {
    view: View,
    state: Rc<RefCell<State>>,
    frame: Frame,
}

#[derive(Default)]
struct State {
    /// Rows that are not on the page yet.
    pending: VecDeque<Row>,
    sent: u64,
    received: u64,
    dropped: u64,
}

/// One line of the log.
pub(crate) struct Row {
    way: Way,
    time: f64,
    kind: &'static str,
    size: Option<u64>,
    preview: String,
}

#[derive(Clone)]
struct View {
    scroller: HtmlElement,
    rows: HtmlElement,
    empty: HtmlElement,
    dropped: HtmlElement,
    latest: HtmlButtonElement,
    summary: Text,
    spoken: Text,
}

impl Log {
    pub(crate) fn new() -> Result<Rc<Self>, JsError> {
        let view = View::find()?;
        let state = Rc::new(RefCell::new(State::default()));
        let frame = Frame::new({
            let (view, state) = (view.clone(), state.clone());
            move || {
                view.render(&mut state.borrow_mut()).ok();
            }
        });
        let log = Rc::new(Self { view, state, frame });
        log.listen()?;
        Ok(log)
    }

    /// A message went this way.
    pub(crate) fn message(&self, way: Way, row: Row) {
        let mut state = self.state.borrow_mut();
        match way {
            Way::Received => state.received += 1,
            _ => state.sent += 1,
        }
        state.add(Row { way, ..row });
        self.frame.ask();
    }

    /// Something happened to the connection.
    pub(crate) fn event(&self, kind: &'static str, detail: &str) {
        let row = Row::new(kind, None, detail.into());
        self.state.borrow_mut().add(row);
        self.frame.ask();
    }

    fn listen(self: &Rc<Self>) -> Result<(), JsError> {
        let log = self.clone();
        let clear: HtmlElement = page::find("log-clear")?;
        page::listen(&clear, "click", move |_: Event| {
            *log.state.borrow_mut() = State::default();
            log.view.rows.set_text_content(None);
            log.frame.ask();
        })?;
        let view = self.view.clone();
        page::listen(&self.view.latest, "click", move |_: Event| {
            view.scroll_to_end();
            view.scroller.focus().ok();
        })?;
        let view = self.view.clone();
        page::listen(&self.view.scroller, "scroll", move |_: Event| {
            view.latest.set_hidden(view.is_at_end());
        })
    }
}

impl State {
    /// Takes a row; what could never be shown is dropped at once.
    fn add(&mut self, row: Row) {
        self.pending.push_back(row);
        if self.pending.len() > MAX_ROWS {
            self.pending.pop_front();
            self.dropped += 1;
        }
    }
}

impl View {
    fn find() -> Result<Self, JsError> {
        Ok(Self {
            scroller: page::find("log")?,
            rows: page::find("log-rows")?,
            empty: page::find("log-empty")?,
            dropped: page::find("log-dropped")?,
            latest: page::find("log-latest")?,
            summary: Text::find("log-summary")?,
            spoken: Text::find("log-spoken")?,
        })
    }

    fn render(&self, state: &mut State) -> Result<(), JsError> {
        let follows = self.is_at_end();
        self.speak(state);
        self.append(state)?;
        self.trim(state);
        self.summarize(state);
        if follows {
            self.scroll_to_end();
        }
        self.latest.set_hidden(self.is_at_end());
        Ok(())
    }

    /// A single message is read out; a flood would only be noise.
    fn speak(&self, state: &State) {
        if let (Some(row), 1) = (state.pending.front(), state.pending.len())
            && row.way == Way::Received
        {
            self.spoken.set(&format!("Received: {}", row.preview));
        }
    }

    fn append(&self, state: &mut State) -> Result<(), JsError> {
        let fragment = page::document()?.create_document_fragment();
        for row in state.pending.drain(..) {
            let row = row.render()?;
            fragment.append_child(&row).ok();
        }
        self.rows.append_child(&fragment).ok();
        Ok(())
    }

    fn trim(&self, state: &mut State) {
        let excess = (self.rows.child_element_count() as usize).saturating_sub(MAX_ROWS);
        for _ in 0..excess {
            if let Some(oldest) = self.rows.first_element_child() {
                oldest.remove();
                state.dropped += 1;
            }
        }
    }

    fn summarize(&self, state: &State) {
        self.summary.set(&format!(
            "{} sent, {} received",
            format::count(state.sent),
            format::count(state.received)
        ));
        self.empty.set_hidden(self.rows.child_element_count() > 0);
        self.dropped.set_hidden(state.dropped == 0);
        self.dropped.set_text_content(Some(&format!(
            "{} older rows dropped; the last {MAX_ROWS} are kept",
            format::count(state.dropped)
        )));
    }

    fn is_at_end(&self) -> bool {
        let below = self.scroller.scroll_height()
            - self.scroller.scroll_top()
            - self.scroller.client_height();
        below <= END_TOLERANCE
    }

    fn scroll_to_end(&self) {
        self.scroller.set_scroll_top(self.scroller.scroll_height());
    }
}

impl Row {
    /// What is shown of a message.
    pub(crate) fn message(message: &Message) -> Self {
        let kind = if message.is_text() { "text" } else { "binary" };
        let size = message.byte_len() as u64;
        Self::new(kind, Some(size), format::preview(message))
    }

    fn new(kind: &'static str, size: Option<u64>, preview: String) -> Self {
        Self {
            way: Way::Event,
            time: js_sys::Date::now(),
            kind,
            size,
            preview,
        }
    }

    fn render(&self) -> Result<web_sys::Element, JsError> {
        let size = self.size.map_or_else(String::new, format::bytes);
        let time = format::time_of_day(self.time);
        let row = page::create("li", self.way.class(), "")?;
        for (class, text) in [
            ("row-time", time.as_str()),
            ("row-way", self.way.name()),
            ("row-kind", self.kind),
            ("row-size", &size),
            ("row-preview", &self.preview),
        ] {
            let cell = page::create("span", class, text)?;
            row.append_child(&cell).ok();
        }
        Ok(row)
    }
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Queued => "queued",
            Self::Received => "received",
            Self::Event => "",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Sent => "row way-sent",
            Self::Queued => "row way-queued",
            Self::Received => "row way-received",
            Self::Event => "row way-event",
        }
    }
}
