//! Numbers, times and payloads for people.

use sluicegate::Message;

const KIB: f64 = 1024.0;
/// A mebibyte in bytes.
pub(crate) const MIB: f64 = KIB * KIB;

/// How much of a payload a preview shows.
const PREVIEW_CHARS: usize = 200;
const PREVIEW_BYTES: usize = 32;

/// `512 B`, `16 KiB`, `1.25 MiB`.
pub(crate) fn bytes(amount: u64) -> String {
    let amount = amount as f64;
    if amount < KIB {
        format!("{amount} B")
    } else if amount < MIB {
        format!("{} KiB", short(amount / KIB))
    } else {
        format!("{} MiB", short(amount / MIB))
    }
}

/// At most two decimals, no trailing zeros.
fn short(number: f64) -> String {
    let text = if number < 100.0 {
        format!("{number:.2}")
    } else {
        format!("{number:.1}")
    };
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// `12,345,678`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 message`, `2,000 messages`.
pub(crate) fn messages(number: u64) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} message{plural}", count(number))
}

/// `850 ms`, `2.41 s`.
pub(crate) fn duration(milliseconds: f64) -> String {
    if milliseconds < 1000.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{:.2} s", milliseconds / 1000.0)
    }
}

/// MiB a second, or a dash when no time has passed.
pub(crate) fn rate(bytes: u64, milliseconds: f64) -> String {
    if milliseconds <= 0.0 {
        return "–".into();
    }
    format!("{:.1} MiB/s", bytes as f64 / MIB * 1000.0 / milliseconds)
}

/// The time of day, to the millisecond.
pub(crate) fn time_of_day(epoch_milliseconds: f64) -> String {
    let date = js_sys::Date::new(&epoch_milliseconds.into());
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}

/// The beginning of a message: text as it is, binary in hexadecimal.
pub(crate) fn preview(message: &Message) -> String {
    match message {
        Message::Text(text) => cut_text(text),
        Message::Binary(bytes) => hex(bytes),
    }
}

fn cut_text(text: &str) -> String {
    match text.char_indices().nth(PREVIEW_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(PREVIEW_BYTES * 3 + 3);
    for byte in bytes.iter().take(PREVIEW_BYTES) {
        if !text.is_empty() {
            text.push(' ');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    if bytes.len() > PREVIEW_BYTES {
        text.push('…');
    }
    text
}
