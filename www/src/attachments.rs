//! The files that wait to be sent, shown as a list.

use std::cell::RefCell;

use js_sys::Uint8Array;
use sluicegate::Message;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, File, FileList, HtmlElement};

use crate::format;
use crate::page;

/// The largest file that is read, in bytes: it is held in memory twice.
const MAX_FILE: f64 = 64.0 * format::MIB;

/// Files in the order in which they were added.
pub(crate) struct Attachments {
    list: HtmlElement,
    files: RefCell<Vec<File>>,
}

impl Attachments {
    pub(crate) fn new() -> Result<Self, JsError> {
        Ok(Self {
            list: page::find("attachments")?,
            files: RefCell::default(),
        })
    }

    pub(crate) fn add(&self, files: &FileList) {
        let added = (0..files.length()).filter_map(|index| files.get(index));
        self.files.borrow_mut().extend(added);
        self.render();
    }

    pub(crate) fn first(&self) -> Option<File> {
        self.files.borrow().first().cloned()
    }

    /// Removes a file that was sent.
    pub(crate) fn remove(&self, sent: &File) {
        self.files.borrow_mut().retain(|file| file != sent);
        self.render();
    }

    /// Removes the file whose button was pressed, if it was one.
    pub(crate) fn handle_click(&self, event: &Event) -> bool {
        let file = clicked_index(event).and_then(|index| self.files.borrow().get(index).cloned());
        if let Some(file) = &file {
            self.remove(file);
        }
        file.is_some()
    }

    fn render(&self) {
        let files = self.files.borrow();
        self.list.set_text_content(None);
        self.list.set_hidden(files.is_empty());
        for (index, file) in files.iter().enumerate() {
            if let Ok(item) = item(index, file) {
                self.list.append_child(&item).ok();
            }
        }
    }
}

fn item(index: usize, file: &File) -> Result<Element, JsError> {
    let size = format::bytes(file.size() as u64);
    let item = page::create("li", "", &format!("{} · {size} ", file.name()))?;
    let button = page::create("button", "quiet", "Remove")?;
    button.set_attribute("type", "button").ok();
    button.set_attribute("data-index", &index.to_string()).ok();
    let label = format!("Remove {}", file.name());
    button.set_attribute("aria-label", &label).ok();
    item.append_child(&button).ok();
    Ok(item)
}

fn clicked_index(event: &Event) -> Option<usize> {
    let button: Element = event.target()?.dyn_into().ok()?;
    button.get_attribute("data-index")?.parse().ok()
}

/// Reads a file as a binary message.
pub(crate) async fn read(file: &File) -> Result<Message, String> {
    if file.size() > MAX_FILE {
        let limit = format::bytes(MAX_FILE as u64);
        return Err(format!("{} is larger than {limit}", file.name()));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|_| format!("{} cannot be read", file.name()))?;
    Ok(Message::Binary(Uint8Array::new(&buffer).to_vec()))
}
