//! One connection: asking for it, watching it, closing it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Interval;
use sluicegate::{
    CloseEvent, CloseFrame, ConnectError, InvalidCloseFrame, Message, OpenEvent, Options, Outcome,
    ReadyState, WebSocket, WebSocketBuilder,
};
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement, HtmlInputElement, HtmlSelectElement};

use crate::format;
use crate::log::{Log, Row, Way};
use crate::page::{self, Fault, Text};
use crate::presets::PRESETS;
use crate::timeline::Timeline;

/// How often the counters are read, in milliseconds.
const METER_INTERVAL: u32 = 200;
/// Shorter than the default, so that nobody waits long for the deaf endpoint.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// The connection of the upper half of the page.
pub(crate) struct Connection {
    form: Form,
    facts: Facts,
    meter: Meter,
    timeline: Timeline,
    log: Rc<Log>,
    socket: RefCell<Option<WebSocket>>,
    began: Cell<f64>,
    opened: Cell<bool>,
}

struct Form {
    preset: HtmlSelectElement,
    preset_note: Text,
    url: HtmlInputElement,
    url_fault: Fault,
    protocols: HtmlInputElement,
    protocols_fault: Fault,
    connect_fault: Fault,
    code: HtmlInputElement,
    reason: HtmlInputElement,
    close_fault: Fault,
    close_label: Text,
}

/// What is known about the connection.
struct Facts {
    protocol: Text,
    extensions: Text,
    code: Text,
    reason: Text,
    clean: Text,
}

struct Meter {
    sent: Text,
    received: Text,
    queued: Text,
    buffered: Text,
}

impl Connection {
    pub(crate) fn new(log: &Rc<Log>) -> Result<Rc<Self>, JsError> {
        let connection = Rc::new(Self {
            form: Form::find()?,
            facts: Facts::find()?,
            meter: Meter::find()?,
            timeline: Timeline::new()?,
            log: log.clone(),
            socket: RefCell::default(),
            began: Cell::default(),
            opened: Cell::default(),
        });
        connection.form.offer_presets()?;
        connection.listen()?;
        Ok(connection)
    }

    fn listen(self: &Rc<Self>) -> Result<(), JsError> {
        let this = self.clone();
        let form = page::find::<HtmlElement>("connect-form")?;
        page::listen(&form, "submit", move |event: Event| {
            event.prevent_default();
            this.connect();
        })?;
        let this = self.clone();
        let form = page::find::<HtmlElement>("close-form")?;
        page::listen(&form, "submit", move |event: Event| {
            event.prevent_default();
            this.close();
        })?;
        let this = self.clone();
        page::listen(&self.form.preset, "change", move |_: Event| {
            this.form.take_preset();
        })?;
        let this = self.clone();
        Interval::new(METER_INTERVAL, move || this.refresh()).forget();
        Ok(())
    }

    // ---- connecting ----

    fn connect(self: &Rc<Self>) {
        drop(self.socket.take());
        self.forget_the_last();
        match self.builder().open() {
            Ok(socket) => {
                self.log.event("connect", &socket.url());
                *self.socket.borrow_mut() = Some(socket);
                self.refresh();
            }
            Err(error) => self.form.refuse(&error),
        }
    }

    fn forget_the_last(&self) {
        self.form.clear_faults();
        self.facts.clear();
        self.timeline.reset();
        self.began.set(page::now());
        self.opened.set(false);
    }

    fn builder(self: &Rc<Self>) -> WebSocketBuilder {
        let (open, message, error) = (self.clone(), self.clone(), self.clone());
        let (drain, close) = (self.clone(), self.clone());
        WebSocket::builder(self.form.url.value().trim())
            .protocols(self.form.protocols())
            .options(
                Options::new()
                    .close_timeout(PATIENCE)
                    .drain_timeout(PATIENCE),
            )
            .on_open(move |socket, event| open.handle_open(socket, &event))
            .on_message(move |_, event| message.log.message(Way::Received, Row::message(&event)))
            .on_error(move |_, _| error.log.event("error", "trouble; a close event follows"))
            .on_drain(move |_, _| drain.log.event("drain", "there is room again"))
            .on_close(move |socket, event| close.handle_close(socket, &event))
    }

    fn handle_open(&self, socket: &WebSocket, open: &OpenEvent) {
        self.opened.set(true);
        self.facts.show_open(open);
        self.log.event("open", &open.protocol);
        self.show(socket);
    }

    fn handle_close(&self, socket: &WebSocket, close: &CloseEvent) {
        self.facts.show_close(close);
        self.log.event("close", &close.to_string());
        if !self.opened.get() {
            self.form.refuse(&ConnectError::Failed(close.clone()));
        }
        self.show(socket);
    }

    // ---- sending ----

    /// Sends on the connection, or says why not.
    pub(crate) fn try_send(&self, message: Message) -> Result<Outcome, String> {
        let socket = self.socket.borrow().clone();
        let socket = socket.ok_or("there is no connection yet")?;
        let row = Row::message(&message);
        let outcome = socket
            .try_send(message)
            .map_err(|error| error.to_string())?;
        let way = match outcome {
            Outcome::Sent => Way::Sent,
            Outcome::Queued => Way::Queued,
            Outcome::Dropped => return Ok(outcome),
        };
        self.log.message(way, row);
        Ok(outcome)
    }

    // ---- closing ----

    fn close(&self) {
        let Some(frame) = self.form.close_frame() else {
            return;
        };
        let socket = self.socket.borrow().clone();
        match socket {
            Some(socket) if socket.ready_state() < ReadyState::Closing => {
                socket.close_with(frame);
                self.show(&socket);
            }
            Some(socket) => {
                let state = socket.ready_state();
                self.form
                    .close_fault
                    .show(&format!("the connection is {state} already"), &[]);
            }
            None => self
                .form
                .close_fault
                .show("there is no connection yet", &[]),
        }
    }

    // ---- showing ----

    fn refresh(&self) {
        let socket = self.socket.borrow().clone();
        if let Some(socket) = socket {
            self.show(&socket);
        }
    }

    fn show(&self, socket: &WebSocket) {
        let state = socket.ready_state();
        self.timeline.show(state, page::now() - self.began.get());
        self.form.close_label.set(match state {
            ReadyState::Connecting => "Give up",
            _ => "Close",
        });
        self.meter.show(socket);
    }
}

impl Form {
    fn find() -> Result<Self, JsError> {
        let url: HtmlInputElement = page::find("url")?;
        let protocols: HtmlInputElement = page::find("protocols")?;
        let code: HtmlInputElement = page::find("close-code")?;
        let reason: HtmlInputElement = page::find("close-reason")?;
        Ok(Self {
            preset: page::find("preset")?,
            preset_note: Text::find("preset-note")?,
            url_fault: Fault::find("url-error", &[&url])?,
            url,
            protocols_fault: Fault::find("protocols-error", &[&protocols])?,
            protocols,
            connect_fault: Fault::find("connect-error", &[])?,
            close_fault: Fault::find("close-error", &[&code, &reason])?,
            code,
            reason,
            close_label: Text::find("close")?,
        })
    }

    fn offer_presets(&self) -> Result<(), JsError> {
        for preset in &PRESETS {
            let option = page::create("option", "", preset.name)?;
            self.preset.append_child(&option).ok();
        }
        self.take_preset();
        Ok(())
    }

    fn take_preset(&self) {
        let index = usize::try_from(self.preset.selected_index()).unwrap_or_default();
        let Some(preset) = PRESETS.get(index) else {
            return;
        };
        self.preset_note.set(preset.note);
        self.url
            .set_value(&format!("{}{}", page::socket_origin(), preset.path));
        self.protocols.set_value(preset.protocols);
        self.clear_faults();
    }

    fn protocols(&self) -> Vec<String> {
        let text = self.protocols.value();
        if text.trim().is_empty() {
            return Vec::new();
        }
        text.split(',').map(|name| name.trim().into()).collect()
    }

    /// Shows why there is no connection, next to the field that can mend it.
    fn refuse(&self, error: &ConnectError) {
        let text = error.to_string();
        match error {
            ConnectError::InvalidUrl { .. }
            | ConnectError::InsecureContext { .. }
            | ConnectError::Blocked { .. } => self.url_fault.refuse(&text, &self.url),
            ConnectError::InvalidProtocol(_) | ConnectError::DuplicateProtocol(_) => {
                self.protocols_fault.refuse(&text, &self.protocols);
            }
            _ => self.connect_fault.show(&text, &[]),
        }
    }

    fn clear_faults(&self) {
        self.url_fault.clear();
        self.protocols_fault.clear();
        self.connect_fault.clear();
        self.close_fault.clear();
    }

    /// The code and reason to close with; if they cannot be sent, says why.
    fn close_frame(&self) -> Option<CloseFrame> {
        self.close_fault.clear();
        let code = self.code.value();
        let Ok(number) = code.trim().parse::<u16>() else {
            let error = format!("close code {code:?} is not a number from 0 to 65535");
            self.close_fault.refuse(&error, &self.code);
            return None;
        };
        match CloseFrame::try_from((number, self.reason.value().as_str())) {
            Ok(frame) => Some(frame),
            Err(error) => {
                let field = match error {
                    InvalidCloseFrame::Code(_) => &self.code,
                    InvalidCloseFrame::Reason(_) => &self.reason,
                };
                self.close_fault.refuse(&error.to_string(), field);
                None
            }
        }
    }
}

impl Facts {
    fn find() -> Result<Self, JsError> {
        Ok(Self {
            protocol: Text::find("fact-protocol")?,
            extensions: Text::find("fact-extensions")?,
            code: Text::find("fact-code")?,
            reason: Text::find("fact-reason")?,
            clean: Text::find("fact-clean")?,
        })
    }

    fn clear(&self) {
        for fact in [
            &self.protocol,
            &self.extensions,
            &self.code,
            &self.reason,
            &self.clean,
        ] {
            fact.set("–");
        }
    }

    fn show_open(&self, open: &OpenEvent) {
        self.protocol.set(or_none(&open.protocol));
        self.extensions.set(or_none(&open.extensions));
    }

    fn show_close(&self, close: &CloseEvent) {
        self.code.set(&close.code.to_string());
        self.reason.set(or_none(&close.reason));
        self.clean.set(if close.was_clean { "yes" } else { "no" });
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

impl Meter {
    fn find() -> Result<Self, JsError> {
        Ok(Self {
            sent: Text::find("meter-sent")?,
            received: Text::find("meter-received")?,
            queued: Text::find("meter-queued")?,
            buffered: Text::find("meter-buffered")?,
        })
    }

    fn show(&self, socket: &WebSocket) {
        let stats = socket.stats();
        self.sent.set(&format::bytes(stats.bytes_sent));
        self.received.set(&format::bytes(stats.bytes_received));
        self.queued.set(&format::bytes(stats.bytes_queued as u64));
        self.buffered.set(&format::bytes(stats.buffered_amount));
    }
}
