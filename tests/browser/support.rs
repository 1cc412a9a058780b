//! Where the server is, and small helpers.

use std::cell::RefCell;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{Future, pin_mut};
use gloo_net::http::Request;
use serde::Deserialize;

#[derive(Deserialize)]
struct Ready {
    url: String,
}

thread_local! {
    static SERVER: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The server's address, e.g. `http://127.0.0.1:1234`. The runner serves the project's folder, where
/// `npm run test:browser` has left it.
pub(crate) async fn server() -> String {
    console_error_panic_hook::set_once();
    if let Some(url) = SERVER.with_borrow(Clone::clone) {
        return url;
    }
    let origin = js_sys::Reflect::get(&js_sys::global(), &"origin".into()).unwrap();
    let address = format!("{}/target/test-server.json", origin.as_string().unwrap());
    let ready: Ready = Request::get(&address)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    SERVER.set(Some(ready.url.clone()));
    ready.url
}

/// The WebSocket URL of an endpoint.
pub(crate) async fn url(path: &str) -> String {
    server().await.replace("http", "ws") + path
}

pub(crate) async fn sleep(milliseconds: u64) {
    gloo_timers::future::sleep(Duration::from_millis(milliseconds)).await;
}

/// Fails the test when the future does not resolve in time.
pub(crate) async fn within<F: Future>(seconds: u64, what: &str, future: F) -> F::Output {
    let timeout = gloo_timers::future::sleep(Duration::from_secs(seconds));
    pin_mut!(future);
    match select(future, timeout).await {
        Either::Left((output, _)) => output,
        Either::Right(_) => panic!("{what} took more than {seconds} s"),
    }
}
