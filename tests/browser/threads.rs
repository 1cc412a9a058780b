//! Proof that a build for threads is one.

use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn memory_is_shared() {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    assert!(
        memory
            .buffer()
            .is_instance_of::<js_sys::SharedArrayBuffer>()
    );
}
