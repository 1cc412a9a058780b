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

    #[wasm_bindgen(thread_local_v2, js_name = location)]
    static LOCATION: Option<JsValue>;
}

/// The scheme of the page with its colon, e.g. `https:`.
pub(super) fn location_protocol() -> Option<String> {
    LOCATION.with(|location| get(location.as_ref()?, "protocol").as_string())
}

/// A property, whatever the value is; `undefined` when there is none or its getter throws.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}
