//! The numbers beside the plots.

use wasm_bindgen::prelude::*;

use crate::format;
use crate::page::Text;
use crate::run::Snapshot;

/// A flood in numbers.
pub(crate) struct Numbers {
    peak: Text,
    made: Text,
    sent: Text,
    arrived: Text,
    buffered: Text,
    queued: Text,
    time: Text,
    rate: Text,
    polls: Text,
}

impl Numbers {
    pub(crate) fn find() -> Result<Self, JsError> {
        Ok(Self {
            peak: Text::find("number-peak")?,
            made: Text::find("number-made")?,
            sent: Text::find("number-sent")?,
            arrived: Text::find("number-arrived")?,
            buffered: Text::find("number-buffered")?,
            queued: Text::find("number-queued")?,
            time: Text::find("number-time")?,
            rate: Text::find("number-rate")?,
            polls: Text::find("number-polls")?,
        })
    }

    /// Shows the numbers of a flood that has made so many messages.
    pub(crate) fn show(&self, now: &Snapshot, made: u64) {
        self.made.set(&format::count(made));
        self.peak.set(&format::bytes(now.peak));
        self.sent.set(&sent(now));
        self.arrived.set(&arrived(now.arrived));
        self.buffered.set(&format::bytes(now.buffered));
        self.queued.set(&format::bytes(now.queued));
        self.time.set(&format::duration(now.elapsed));
        self.rate.set(&format::rate(now.sent_bytes, now.elapsed));
        self.polls.set(&format::count(now.polls));
    }
}

/// What was handed to the browser.
pub(crate) fn sent(now: &Snapshot) -> String {
    format::bytes(now.sent_bytes)
}

/// What the peer counted, if it told.
pub(crate) fn arrived(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "not told".into(), format::bytes)
}
