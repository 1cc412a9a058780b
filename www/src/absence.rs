//! The sentence for those who come back to a page that was hidden.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::format;
use crate::hidden::{Share, Split};
use crate::page::Text;
use crate::plan::Mode;

/// What floods did while the page was hidden, the last of each mode.
pub(crate) struct Absences {
    sentence: Text,
    known: RefCell<Vec<(Mode, Split)>>,
}

impl Absences {
    pub(crate) fn find() -> Result<Self, JsError> {
        Ok(Self {
            sentence: Text::find("flood-hidden")?,
            known: RefCell::default(),
        })
    }

    /// Says what a flood did while the page was hidden, if it was, and what others did.
    pub(crate) fn tell(&self, mode: Mode, split: Split) {
        if split.hidden.elapsed <= 0.0 {
            return;
        }
        let mut known = self.known.borrow_mut();
        known.retain(|(other, _)| *other != mode);
        let others = known
            .iter()
            .rev()
            .filter(|(other, _)| other.is_bare() != mode.is_bare());
        let compared: String = others
            .map(|(other, split)| {
                format!(" An earlier flood {}: {}.", other.phrase(), rates(split))
            })
            .collect();
        let compared = match (compared.is_empty(), mode.is_bare()) {
            (true, true) => " Now do the same through the gate.".into(),
            (true, false) => " Now do the same without the gate, with a timer.".into(),
            (false, _) => compared,
        };
        self.sentence.set(&format!(
            "The page was hidden for {}. {}: {}.{compared}",
            format::duration(split.hidden.elapsed),
            capitalized(mode.phrase()),
            rates(&split),
        ));
        known.push((mode, split));
    }
}

/// `231.0 MiB/s hidden, 240.1 MiB/s visible`.
fn rates(split: &Split) -> String {
    format!(
        "{} hidden, {} visible",
        rate(split.hidden),
        rate(split.visible)
    )
}

pub(crate) fn rate(share: Share) -> String {
    format::rate(share.bytes, share.elapsed)
}

fn capitalized(phrase: &str) -> String {
    let mut letters = phrase.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
