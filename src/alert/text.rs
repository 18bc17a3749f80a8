//! stub
use super::Alert;
use crate::config::{Language, Templates};
/// stub
pub struct Template;
impl Template {
    /// stub
    /// # Errors
    /// none
    pub fn parse(_t: &str) -> Result<Self, std::fmt::Error> {
        Ok(Self)
    }
}
/// stub
#[must_use]
pub fn sms(alert: &Alert, _l: &Language, _t: &Templates) -> String {
    format!(
        "From: {}\nSubject: {}\nDate: {}\n\n{}",
        alert.text.from, alert.text.subject, alert.text.date, alert.text.body
    )
}
/// stub
#[must_use]
pub fn digest(alerts: &[Alert], _l: &Language) -> String {
    format!("{} alerts", alerts.len())
}
