//! What happens inside the socket, as tables: drops by cause, the gate, and wakes.

use std::cell::RefCell;
use std::collections::VecDeque;

use sluicegate::DropCause;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use crate::page::{self, Text};
use crate::run::Run;
use crate::tally::Dropped;
use crate::{format, tally};

/// The tables of a flood.
pub(crate) struct Inside {
    overflow: Text,
    replaced: Text,
    expired: Text,
    closed: Text,
    refused: Text,
    given_back: Text,
    last: LastDropped,
    shut: Text,
    opened: Text,
    stalls: Text,
    by_channel: Text,
    by_timer: Text,
    by_atomics: Text,
    by_visibility: Text,
}

struct LastDropped {
    list: HtmlElement,
    shown: RefCell<VecDeque<Dropped>>,
}

impl Inside {
    pub(crate) fn find() -> Result<Self, JsError> {
        Ok(Self {
            overflow: Text::find("drop-overflow")?,
            replaced: Text::find("drop-replaced")?,
            expired: Text::find("drop-expired")?,
            closed: Text::find("drop-closed")?,
            refused: Text::find("drop-refused")?,
            given_back: Text::find("given-back")?,
            last: LastDropped::find()?,
            shut: Text::find("gate-shut")?,
            opened: Text::find("gate-opened")?,
            stalls: Text::find("gate-stalls")?,
            by_channel: Text::find("woken-channel")?,
            by_timer: Text::find("woken-timer")?,
            by_atomics: Text::find("woken-atomics")?,
            by_visibility: Text::find("woken-visibility")?,
        })
    }

    pub(crate) fn show(&self, run: &Run) {
        let (drops, tally) = (run.drops(), run.tally());
        for (text, number) in [
            (&self.overflow, drops.overflow),
            (&self.replaced, drops.replaced),
            (&self.expired, drops.expired),
            (&self.closed, drops.closed),
            (&self.refused, drops.refused),
            (&self.given_back, tally.given_back),
            (&self.shut, tally.shut),
            (&self.opened, tally.opened),
            (&self.stalls, tally.stalls),
            (&self.by_channel, tally.by_channel),
            (&self.by_timer, tally.by_timer),
            (&self.by_atomics, tally.by_atomics),
            (&self.by_visibility, tally.by_visibility),
        ] {
            text.set(&format::count(number));
        }
        self.last.show(&tally.dropped);
    }
}

impl LastDropped {
    fn find() -> Result<Self, JsError> {
        let last = Self {
            list: page::find("last-dropped")?,
            shown: RefCell::default(),
        };
        last.render(&VecDeque::new())?;
        Ok(last)
    }

    fn show(&self, dropped: &VecDeque<Dropped>) {
        if *self.shown.borrow() != *dropped && self.render(dropped).is_ok() {
            self.shown.replace(dropped.clone());
        }
    }

    /// Always the same number of rows, so that nothing below them moves.
    fn render(&self, dropped: &VecDeque<Dropped>) -> Result<(), JsError> {
        self.list.set_text_content(None);
        for index in 0..tally::MAX_DROPPED {
            let text = match dropped.get(index) {
                Some(dropped) => describe(dropped),
                None if index == 0 => "none so far".into(),
                None => String::new(),
            };
            let item = page::create("li", "", &text)?;
            item.set_attribute(
                "aria-hidden",
                if text.is_empty() { "true" } else { "false" },
            )
            .ok();
            self.list.append_child(&item).ok();
        }
        Ok(())
    }
}

fn describe(dropped: &Dropped) -> String {
    format!(
        "no. {}, {}: {}",
        format::count(u64::from(dropped.number)),
        format::bytes(dropped.bytes as u64),
        short(dropped.cause),
    )
}

/// The cause in a word, as the table has it.
fn short(cause: DropCause) -> &'static str {
    match cause {
        DropCause::Closed => "closed",
        DropCause::Refused => "refused",
        DropCause::Overflow => "overflow",
        DropCause::Replaced => "replaced",
        DropCause::Expired => "expired",
        _ => "dropped",
    }
}
