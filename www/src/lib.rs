//! The demo page of sluicegate.

mod attachments;
mod bare;
mod composer;
mod connection;
mod flood;
mod format;
mod gated;
mod history;
mod log;
mod numbers;
mod page;
mod plan;
mod plot;
mod presets;
mod run;
mod runs;
mod timeline;
mod turn;

use wasm_bindgen::prelude::*;

/// Puts the page together. What it throws is shown by `boot.js`.
#[wasm_bindgen(start)]
fn start() -> Result<(), JsError> {
    console_error_panic_hook::set_once();
    let log = log::Log::new()?;
    let connection = connection::Connection::new(&log)?;
    composer::start(&connection)?;
    flood::start()
}
