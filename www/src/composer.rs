//! Writing a message, or choosing files, and sending them.

use std::cell::Cell;
use std::rc::Rc;

use sluicegate::{Message, Outcome};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    DragEvent, Event, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement,
    KeyboardEvent,
};

use crate::attachments::{self, Attachments};
use crate::connection::Connection;
use crate::format;
use crate::page::{self, Text};

struct Composer {
    form: HtmlFormElement,
    draft: HtmlTextAreaElement,
    picker: HtmlInputElement,
    attachments: Attachments,
    result: Text,
    connection: Rc<Connection>,
    busy: Cell<bool>,
}

/// Makes the composer work.
pub(crate) fn start(connection: &Rc<Connection>) -> Result<(), JsError> {
    let composer = Rc::new(Composer {
        form: page::find("composer")?,
        draft: page::find("draft")?,
        picker: page::find("files")?,
        attachments: Attachments::new()?,
        result: Text::find("send-result")?,
        connection: connection.clone(),
        busy: Cell::default(),
    });
    composer.listen_for_sending()?;
    composer.listen_for_files()?;
    composer.listen_for_drops()
}

impl Composer {
    // ---- listening ----

    fn listen_for_sending(self: &Rc<Self>) -> Result<(), JsError> {
        let this = self.clone();
        page::listen(&self.form, "submit", move |event: Event| {
            event.prevent_default();
            this.send();
        })?;
        let this = self.clone();
        page::listen(&self.draft, "keydown", move |event: KeyboardEvent| {
            let sends = event.key() == "Enter" && !event.shift_key() && !event.is_composing();
            if sends {
                event.prevent_default();
                this.send();
            }
        })
    }

    fn listen_for_files(self: &Rc<Self>) -> Result<(), JsError> {
        let this = self.clone();
        page::listen(&self.picker, "change", move |_: Event| {
            if let Some(files) = this.picker.files() {
                this.attachments.add(&files);
            }
            this.picker.set_value(""); // so that the same file can be chosen again
        })?;
        let this = self.clone();
        let list: HtmlElement = page::find("attachments")?;
        page::listen(&list, "click", move |event: Event| {
            if this.attachments.handle_click(&event) {
                this.draft.focus().ok();
            }
        })
    }

    fn listen_for_drops(self: &Rc<Self>) -> Result<(), JsError> {
        let this = self.clone();
        page::listen(&self.form, "dragover", move |event: DragEvent| {
            event.prevent_default();
            this.form.class_list().add_1("dropping").ok();
        })?;
        let this = self.clone();
        page::listen(&self.form, "dragleave", move |_: DragEvent| {
            this.form.class_list().remove_1("dropping").ok();
        })?;
        let this = self.clone();
        page::listen(&self.form, "drop", move |event: DragEvent| {
            event.prevent_default();
            this.form.class_list().remove_1("dropping").ok();
            if let Some(files) = event.data_transfer().and_then(|data| data.files()) {
                this.attachments.add(&files);
            }
        })
    }

    // ---- sending ----

    fn send(self: &Rc<Self>) {
        if self.busy.replace(true) {
            return;
        }
        let this = self.clone();
        spawn_local(async move {
            let result = this.send_all().await;
            this.result
                .set(&result.unwrap_or_else(|error| format!("Not sent: {error}.")));
            this.busy.set(false);
        });
    }

    /// The text first, then the files. What is refused stays where it is.
    async fn send_all(&self) -> Result<String, String> {
        let mut last = None;
        let text = self.draft.value();
        if !text.is_empty() {
            last = Some(self.send_one(Message::Text(text))?);
            self.draft.set_value("");
        }
        while let Some(file) = self.attachments.first() {
            last = Some(self.send_one(attachments::read(&file).await?)?);
            self.attachments.remove(&file);
        }
        last.ok_or_else(|| "there is nothing to send yet".into())
    }

    fn send_one(&self, message: Message) -> Result<String, String> {
        let size = format::bytes(message.byte_len() as u64);
        Ok(match self.connection.try_send(message)? {
            Outcome::Sent => format!("Sent: {size} handed to the browser."),
            Outcome::Queued => format!("Queued: {size} until there is room."),
            Outcome::Dropped => format!("Dropped: {size}, because the queue is full."),
        })
    }
}
