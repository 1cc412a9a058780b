//! The demo page of sluicegate.

mod absence;
mod attachments;
mod bare;
mod composer;
mod connection;
mod flood;
mod form;
mod format;
mod gated;
mod hidden;
mod history;
mod inside;
mod log;
mod numbers;
mod pace;
mod page;
mod plan;
mod plot;
mod presets;
mod run;
mod runs;
mod signal;
mod tally;
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
