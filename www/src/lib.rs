//! The demo page of sluicegate.

mod attachments;
mod composer;
mod connection;
mod format;
mod log;
mod page;
mod presets;
mod timeline;

use wasm_bindgen::prelude::*;

/// Puts the page together. What it throws is shown by `boot.js`.
#[wasm_bindgen(start)]
fn start() -> Result<(), JsError> {
    console_error_panic_hook::set_once();
    let log = log::Log::new()?;
    let connection = connection::Connection::new(&log)?;
    composer::start(&connection)
}
