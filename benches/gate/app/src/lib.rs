//! One flood in one of four ways, and what it cost.

mod bare;
mod case;
mod figures;
mod gated;
mod watch;

use std::rc::Rc;

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::case::{Case, Mode};
use crate::figures::Figures;
use crate::watch::Watch;

/// Runs the case and returns its figures, both as JSON.
///
/// # Errors
///
/// When the connection ends early, or when something was lost or out of order.
#[wasm_bindgen]
pub async fn run(case: &str) -> Result<String, JsError> {
    console_error_panic_hook::set_once();
    let case: Case = serde_json::from_str(case)?;
    let watch = Rc::new(Watch::default());
    let figures = flood(&case, &watch).await;
    watch.close();
    let figures = figures.map_err(|message| JsError::new(&message))?;
    Ok(serde_json::to_string(&figures)?)
}

/// Until the peer has reported that all arrived, or the time is up.
async fn flood(case: &Case, watch: &Rc<Watch>) -> Result<Figures, String> {
    let sending = Box::pin(async {
        match case.mode {
            Mode::Sink => gated::through_sink(case, watch).await,
            Mode::Send => gated::through_send(case, watch).await,
            Mode::Handlers => gated::through_handlers(case, watch).await,
            Mode::Bare => bare::ungated(case, watch).await,
        }
    });
    let figures = match select(sending, TimeoutFuture::new(case.limit_ms)).await {
        Either::Left((report, _)) => watch.figures(Some(&report?))?,
        Either::Right(_) => watch.figures(None)?,
    };
    figures.check(case)
}
