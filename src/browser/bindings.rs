//! The few functions of the global scope that are used, bound so that they work in windows and
//! workers alike.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(super) fn performance_now() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(handle: &JsValue);
}

/// The scheme of the page with its colon, e.g. `https:`.
pub(super) fn location_protocol() -> Option<String> {
    get(&get(&js_sys::global(), "location"), "protocol").as_string()
}

/// A property, whatever the value is; `undefined` when there is none or its getter throws.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}
