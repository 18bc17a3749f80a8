//! The GSM module on the serial line: AT commands, SMS, and its simulator. Knows nothing of alerts.
