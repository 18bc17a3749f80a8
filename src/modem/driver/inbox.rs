//! What comes in: PDUs → events.

use super::ModemEvent;
use crate::modem::pdu::{
    DecodeError, DeliveryState, Reassembly, Received, decode_received, from_hex,
};

/// Reads what comes in and puts parts together.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    reassembly: Reassembly,
}

impl Inbox {
    /// The event that a PDU makes; `None` while parts of the message are missing.
    pub(super) fn take(&mut self, pdu: &str) -> Result<Option<ModemEvent>, DecodeError> {
        Ok(match decode_received(&from_hex(pdu)?)? {
            Received::Deliver(deliver) => {
                let text = self.reassembly.add(&deliver.from, deliver.part);
                text.map(|(text, _)| ModemEvent::Received {
                    from: deliver.from.to_string(),
                    text,
                    at: deliver.at,
                })
            }
            Received::StatusReport(report) => Some(ModemEvent::Report {
                reference: report.reference,
                to: report.to.to_string(),
                state: DeliveryState::from_status(report.status),
                status: report.status,
            }),
        })
    }
}
