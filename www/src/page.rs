//! The page's elements and events, in a few typed helpers.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, HtmlInputElement, Window};

/// The page's only window.
pub(crate) fn window() -> Result<Window, JsError> {
    web_sys::window().ok_or_else(|| JsError::new("there is no window"))
}

pub(crate) fn document() -> Result<Document, JsError> {
    window()?
        .document()
        .ok_or_else(|| JsError::new("there is no document"))
}

/// The element with this id.
pub(crate) fn find<T: JsCast>(id: &str) -> Result<T, JsError> {
    document()?
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into().ok())
        .ok_or_else(|| JsError::new(&format!("the page lacks its element #{id}")))
}

/// Listens as long as the page lives.
pub(crate) fn listen<E: JsCast + 'static>(
    target: &EventTarget,
    event: &str,
    handler: impl Fn(E) + 'static,
) -> Result<(), JsError> {
    let callback =
        Closure::<dyn Fn(Event)>::new(move |event: Event| handler(event.unchecked_into()));
    target
        .add_event_listener_with_callback(event, callback.as_ref().unchecked_ref())
        .map_err(|_| JsError::new("the page cannot listen to its events"))?;
    callback.forget();
    Ok(())
}

/// A new element with a class and a text.
pub(crate) fn create(tag: &str, class: &str, text: &str) -> Result<Element, JsError> {
    let element = document()?
        .create_element(tag)
        .map_err(|_| JsError::new("the page cannot be extended"))?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    element.set_text_content(Some(text));
    Ok(element)
}

/// Milliseconds since the page began.
pub(crate) fn now() -> f64 {
    web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}

/// Whether nobody can see the page.
pub(crate) fn is_hidden() -> bool {
    document().is_ok_and(|document| document.hidden())
}

/// A text on the page, written only when it changes.
#[derive(Clone)]
pub(crate) struct Text(HtmlElement);

impl Text {
    pub(crate) fn find(id: &str) -> Result<Self, JsError> {
        find(id).map(Self)
    }

    pub(crate) fn set(&self, text: &str) {
        if self.0.text_content().as_deref() != Some(text) {
            self.0.set_text_content(Some(text));
        }
    }
}

/// Where an error is shown, and the fields it can be about.
pub(crate) struct Fault {
    text: Text,
    fields: Vec<HtmlInputElement>,
}

impl Fault {
    pub(crate) fn find(id: &str, fields: &[&HtmlInputElement]) -> Result<Self, JsError> {
        Ok(Self {
            text: Text::find(id)?,
            fields: fields.iter().map(|&field| field.clone()).collect(),
        })
    }

    /// Shows an error and marks the fields it is about.
    pub(crate) fn show(&self, error: &str, about: &[&HtmlInputElement]) {
        self.text.set(error);
        for field in &self.fields {
            let value = if about.contains(&field) {
                "true"
            } else {
                "false"
            };
            field.set_attribute("aria-invalid", value).ok();
        }
    }

    /// Shows why something was not done, and goes to the field that can mend it.
    pub(crate) fn refuse(&self, error: &str, field: &HtmlInputElement) {
        self.show(error, &[field]);
        field.focus().ok();
    }

    pub(crate) fn clear(&self) {
        self.show("", &[]);
    }
}

/// Work that is done once before the next paint, however often it is asked for.
pub(crate) struct Frame {
    asked: Rc<Cell<bool>>,
    callback: Closure<dyn Fn()>,
}

impl Frame {
    pub(crate) fn new(work: impl Fn() + 'static) -> Self {
        let asked = Rc::new(Cell::new(false));
        let flag = asked.clone();
        let callback = Closure::new(move || {
            flag.set(false);
            work();
        });
        Self { asked, callback }
    }

    pub(crate) fn ask(&self) {
        if self.asked.replace(true) {
            return;
        }
        if let Some(window) = web_sys::window() {
            window
                .request_animation_frame(self.callback.as_ref().unchecked_ref())
                .ok();
        }
    }
}

/// Where the page came from, as a WebSocket URL without a path.
pub(crate) fn socket_origin() -> String {
    let Some(location) = web_sys::window().map(|window| window.location()) else {
        return String::new();
    };
    let scheme = match location.protocol().as_deref() {
        Ok("https:") => "wss",
        _ => "ws",
    };
    format!("{scheme}://{}", location.host().unwrap_or_default())
}
