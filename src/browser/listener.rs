//! Hearing the events of a browser object.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use super::bindings::Callback;

/// A listener on an event target, removed on drop and only then freed: a closure that is called
/// after its drop throws.
pub(super) struct Listener {
    target: EventTarget,
    kind: &'static str,
    closure: Callback,
}

impl Listener {
    pub(super) fn new(
        target: &EventTarget,
        kind: &'static str,
        handle: impl Fn(JsValue) + 'static,
    ) -> Self {
        let closure = Closure::new(handle);
        let function = closure.as_ref().unchecked_ref();
        target.add_event_listener_with_callback(kind, function).ok();
        Self {
            target: target.clone(),
            kind,
            closure,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.closure.as_ref().unchecked_ref();
        self.target
            .remove_event_listener_with_callback(self.kind, function)
            .ok();
    }
}
