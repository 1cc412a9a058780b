//! What one flood cost.

use serde::{Deserialize, Serialize};

use crate::case::Case;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    /// From the open connection to the report, or to the end of the time.
    pub(crate) seconds: f64,
    /// What was handed to the browser.
    pub(crate) bytes_sent: u64,
    /// What arrived; `None` when the time was up before.
    pub(crate) report: Option<Report>,
    pub(crate) peak_buffered_amount: u64,
    /// All of it, and it never shrinks.
    pub(crate) wasm_bytes: u32,
    /// `None` where nothing polls.
    pub(crate) polls: Option<u64>,
    pub(crate) longest_stretch_ms: f64,
}

/// What the server counted.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    messages: u32,
    bytes: u64,
    first_out_of_order: Option<u32>,
}

impl Figures {
    /// Whether all arrived, in order, if the server said something.
    pub(crate) fn check(self, case: &Case) -> Result<Self, String> {
        let Some(report) = &self.report else {
            return Ok(self);
        };
        if let Some(number) = report.first_out_of_order {
            return Err(format!("message {number} was not the next one"));
        }
        let bytes = u64::from(case.count) * case.size as u64;
        if (report.messages, report.bytes) != (case.count, bytes) {
            let Report {
                messages, bytes, ..
            } = report;
            return Err(format!(
                "of {} messages {messages} arrived, {bytes} bytes",
                case.count
            ));
        }
        Ok(self)
    }
}
