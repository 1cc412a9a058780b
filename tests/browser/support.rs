//! Where the server is, what it saw, and the watch over every test.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{Future, pin_mut};
use gloo_net::http::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

thread_local! {
    static SERVER: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Panics, and errors that reached the page, that no test has failed for yet.
    static TROUBLE: Cell<u32> = const { Cell::new(0) };
    /// The panic under way is the report of such trouble, and none itself.
    static REPORTING: Cell<bool> = const { Cell::new(false) };
}

#[derive(Deserialize)]
struct Ready {
    url: String,
}

/// The server's address, e.g. `http://127.0.0.1:1234`. The runner serves the project's folder, where
/// `npm run test:browser` has left it.
pub(crate) async fn server() -> String {
    if let Some(url) = SERVER.with_borrow(Clone::clone) {
        return url;
    }
    watch();
    let location = js_sys::Reflect::get(&js_sys::global(), &"location".into()).unwrap();
    let origin = js_sys::Reflect::get(&location, &"origin".into()).unwrap();
    let address = format!("{}/target/test-server.json", origin.as_string().unwrap());
    let ready: Ready = get(&address).await;
    SERVER.set(Some(ready.url.clone()));
    ready.url
}

async fn get<T: DeserializeOwned>(address: &str) -> T {
    let response = Request::get(address).send().await.unwrap();
    response.json().await.unwrap()
}

/// Counts every panic and every error that reaches the page: a trap in a handler, a closure that
/// is called after its drop, a rejected promise.
fn watch() {
    std::panic::set_hook(Box::new(|info| {
        if !REPORTING.take() {
            TROUBLE.set(TROUBLE.get() + 1);
        }
        console_error_panic_hook::hook(info);
    }));
    let count = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| {
        TROUBLE.set(TROUBLE.get() + 1);
        web_sys::console::error_2(&"error on the page:".into(), &event);
    })
    .into_js_value();
    let global: web_sys::EventTarget = js_sys::global().unchecked_into();
    for kind in ["error", "unhandledrejection"] {
        global
            .add_event_listener_with_callback(kind, count.unchecked_ref())
            .unwrap();
    }
}

/// The WebSocket URL of an endpoint.
pub(crate) async fn url(path: &str) -> String {
    server().await.replacen("http", "ws", 1) + path
}

pub(crate) async fn sleep(milliseconds: u64) {
    gloo_timers::future::sleep(Duration::from_millis(milliseconds)).await;
}

/// Fails the test when the future does not resolve in time, or when anything panicked or any error
/// reached the page so far.
pub(crate) async fn within<F: Future>(seconds: u64, what: &str, future: F) -> F::Output {
    let timeout = gloo_timers::future::sleep(Duration::from_secs(seconds));
    pin_mut!(future);
    match select(future, timeout).await {
        Either::Left((output, _)) => {
            if TROUBLE.take() > 0 {
                REPORTING.set(true);
                panic!(
                    "something panicked or an error reached the page, in this test or before it"
                );
            }
            output
        }
        Either::Right(_) => panic!("{what} took more than {seconds} s"),
    }
}

/// Lets pending events come, and checks that none did harm.
pub(crate) async fn settle() {
    within(5, "a pause", sleep(50)).await;
}

/// A name that no other connection has.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{}", (js_sys::Math::random() * 1e12) as u64)
}

/// How the server saw a connection.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) state: String,
    pub(crate) received: Traffic,
    pub(crate) closed: Option<SeenClose>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Traffic {
    pub(crate) messages: u64,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct SeenClose {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// How the server sees the connection with this id now.
pub(crate) async fn seen(id: &str) -> Option<Seen> {
    let address = format!("{}/control/connections?id={id}", server().await);
    let seen: Vec<Seen> = get(&address).await;
    seen.into_iter().next()
}

/// Waits until the connection has ended for the server, and says how.
pub(crate) async fn seen_closed(id: &str) -> (Seen, SeenClose) {
    within(20, "the server's side of the close", async {
        loop {
            if let Some(seen) = seen(id).await
                && let Some(close) = seen.closed.clone()
            {
                return (seen, close);
            }
            sleep(20).await;
        }
    })
    .await
}

/// Defines what `/script/:name` does.
pub(crate) async fn script(name: &str, steps: serde_json::Value) {
    let address = format!("{}/control/script", server().await);
    let body = serde_json::json!({ "name": name, "steps": steps });
    let response = Request::post(&address)
        .json(&body)
        .unwrap()
        .send()
        .await
        .unwrap();
    assert!(response.ok(), "{}", response.text().await.unwrap());
}

/// Which engine this is: `bufferedAmount` tells nothing of the peer in WebKitGTK.
pub(crate) fn is_webkit() -> bool {
    let navigator = js_sys::Reflect::get(&js_sys::global(), &"navigator".into()).unwrap();
    let agent = js_sys::Reflect::get(&navigator, &"userAgent".into()).unwrap();
    let agent = agent.as_string().unwrap();
    agent.contains("AppleWebKit") && !agent.contains("Chrome")
}

/// Prints a figure, which the runner shows.
pub(crate) fn print(line: &str) {
    web_sys::console::log_1(&line.into());
}

/// What handlers have heard, in order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn has(&self, line: &str) -> bool {
        self.0.borrow().iter().any(|other| other == line)
    }

    /// Waits until the line is there.
    pub(crate) async fn until(&self, line: &str) {
        within(20, line, async {
            while !self.has(line) {
                sleep(5).await;
            }
        })
        .await;
    }
}
