//! Tests that run in a browser.
#![cfg(target_family = "wasm")]

#[cfg(target_feature = "atomics")]
mod threads;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MessageEvent, Response, WebSocket};

#[wasm_bindgen_test]
async fn echo_comes_back_anywhere() {
    let socket = WebSocket::new(&format!("{}/echo", server().await)).unwrap();
    next(|resolve| socket.set_onopen(Some(resolve))).await;
    socket.send_with_str("hello").unwrap();
    let event: MessageEvent = next(|resolve| socket.set_onmessage(Some(resolve)))
        .await
        .unchecked_into();
    assert_eq!(event.data(), "hello");
    socket.close().unwrap();
}

async fn server() -> String {
    let fetch: Function = global("fetch").unchecked_into();
    let origin = global("location");
    let origin = Reflect::get(&origin, &"origin".into())
        .unwrap()
        .as_string()
        .unwrap();
    let url = format!("{origin}/target/test-server.json");
    let response = fetch.call1(&js_sys::global(), &url.into()).unwrap();
    let response: Response = JsFuture::from(response.unchecked_into::<Promise>())
        .await
        .unwrap()
        .unchecked_into();
    let json = JsFuture::from(response.json().unwrap()).await.unwrap();
    let url = Reflect::get(&json, &"url".into())
        .unwrap()
        .as_string()
        .unwrap();
    url.replacen("http", "ws", 1)
}

fn global(name: &str) -> JsValue {
    Reflect::get(&js_sys::global(), &name.into()).unwrap()
}

async fn next(mut install: impl FnMut(&Function)) -> JsValue {
    JsFuture::from(Promise::new(&mut |resolve, _| install(&resolve)))
        .await
        .unwrap()
}
