//! The only folder that names `web_sys`: what the driver asks for, done with the browser.
//!
//! Nothing here decides. Events become calls of [`Events`](crate::driver::Events), commands become
//! calls of the browser, and what the browser throws becomes an error. It compiles on every target,
//! so that every public method exists on every target; off the web nothing of it is ever called.

mod bindings;
mod clock;
mod convert;
mod frame;
mod hidden;
mod listener;
mod socket;
mod wire;

pub(crate) use self::clock::BrowserClock;
pub use self::convert::AdoptError;
pub(crate) use self::frame::FrameClock;
pub(crate) use self::socket::BrowserSocket;

use crate::request::Page;

/// Whether this target has browser objects at all.
pub(crate) const IS_WEB: bool = cfg!(all(target_family = "wasm", target_os = "unknown"));

/// How the page, or the page that started the worker, was loaded.
pub(crate) fn page() -> Page {
    match bindings::location_protocol().as_str() {
        "https:" => Page::Secure,
        _ => Page::Other,
    }
}
