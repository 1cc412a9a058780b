//! What arrived on one connection.

use serde::Serialize;

/// Binary messages begin with their number, a little-endian u32 that rises from 0 by one each.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    messages: u32,
    bytes: u64,
    /// The first message that was not the next one.
    first_out_of_order: Option<u32>,
}

impl Report {
    pub(crate) fn count(&mut self, message: &[u8]) {
        let number = message
            .first_chunk()
            .map(|bytes| u32::from_le_bytes(*bytes));
        if number != Some(self.messages) && self.first_out_of_order.is_none() {
            self.first_out_of_order = Some(self.messages);
        }
        self.messages += 1;
        self.bytes += message.len() as u64;
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_out_of_order_is_kept() {
        let mut report = Report::default();
        for number in [0_u32, 1, 3, 2] {
            report.count(&number.to_le_bytes());
        }
        report.count(&[]);
        assert_eq!((report.messages, report.bytes), (5, 16));
        assert_eq!(report.first_out_of_order, Some(2));
    }
}
