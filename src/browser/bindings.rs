//! The few functions of the global scope that are used, bound so that they work in windows and
//! workers alike.

use js_sys::{ArrayBuffer, Function, Int32Array, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(super) fn performance_now() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(handle: &JsValue);

    /// Throws where there are no frames.
    #[wasm_bindgen(catch, js_name = requestAnimationFrame)]
    pub(super) fn request_animation_frame(handler: &Function) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = cancelAnimationFrame)]
    pub(super) fn cancel_animation_frame(handle: &JsValue);

    /// An object with `async` and `value`, the latter a promise when `async` is true.
    #[wasm_bindgen(catch, js_namespace = Atomics, js_name = waitAsync)]
    pub(super) fn wait_async(
        array: &Int32Array,
        index: u32,
        value: i32,
        milliseconds: f64,
    ) -> Result<JsValue, JsValue>;

    /// A promise, of which nothing but its end is wanted.
    pub(super) type Ending;

    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Ending, handler: &Function);

    /// A `Uint8Array` that is taken over as bytes: `js_sys` asserts that lengths agree, and the
    /// text of that panic would link 1 KB.
    #[wasm_bindgen(js_name = Uint8Array)]
    pub(super) type Bytes;

    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    pub(super) fn new(buffer: &ArrayBuffer) -> Bytes;

    #[wasm_bindgen(method, js_name = subarray, js_class = "Uint8Array")]
    pub(super) fn take(this: &Bytes, start: u32) -> Vec<u8>;
}

/// A callback of either kind, for events and for timers: each type of closure links glue of its own.
///
/// `Fn`: a re-entered `FnMut` closure is swallowed without a trace (measured).
pub(super) type Callback = Closure<dyn Fn(JsValue)>;

/// The scheme of the page with its colon, e.g. `https:`.
pub(super) fn location_protocol() -> String {
    text(&get(&js_sys::global(), "location"), "protocol")
}

/// A property, whatever the value is; `undefined` when there is none or its getter throws.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// A property that should be text; empty when it is not.
pub(super) fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap_or_default()
}
