//! What came of a REGISTER (RFC 3261 section 10.2.4, 10.2.7).

use std::time::{Duration, Instant};

use super::{Account, GRANTS, Purpose, Registration};
use crate::sip::act::{Context, Outlet};
use crate::sip::call::{printable, retry_after};
use crate::sip::message::Response;

/// Longest wait that an exchange may ask for (Retry-After).
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Most times in a row that the Contact is corrected.
const MAX_CORRECTIONS: u8 = 3;

impl Account {
    pub(super) fn registered(
        &mut self,
        response: &Response,
        outlet: &Outlet,
        cx: &mut Context<'_>,
    ) {
        match response.status {
            200..=299 => self.accepted(response, outlet, cx),
            401 | 407 => match self.auth.challenged(response) {
                Ok(()) => self.send(Purpose::Register),
                Err(error) => self.refuse(error.to_string(), response.status, cx),
            },
            423 => match response.headers.min_expires() {
                Some(least) if least > self.expires && GRANTS.contains(&least) => {
                    self.expires = least;
                    self.send(Purpose::Register);
                }
                Some(_) | None => self.refuse(words(response), 423, cx),
            },
            408 | 480 | 500..=599 => {
                let wait = retry_after(response);
                self.fail(words(response), Some(response.status), wait, cx);
            }
            status => self.refuse(words(response), status, cx),
        }
    }

    fn accepted(&mut self, response: &Response, outlet: &Outlet, cx: &mut Context<'_>) {
        self.auth.accepted();
        self.failures = 0;
        self.look.answered();
        self.bound = self.asked.take();
        self.identity.service_route = response.headers.service_routes();
        self.identity.service_route.truncate(8);
        let granted = self.granted(response).clamp(*GRANTS.start(), *GRANTS.end());
        let whole = Duration::from_secs(u64::from(granted));
        let since = match self.state {
            Registration::Registered { since, .. } => since,
            Registration::Off | Registration::Trying | Registration::Failed { .. } => cx.now,
        };
        self.state = Registration::Registered { since, expires: cx.now + whole };
        self.last_error = None;
        // With a quarter of the time left a failed try can be mended.
        self.next = Some(cx.now + whole.mul_f64(0.05f64.mul_add(cx.tokens.share(), 0.7)));
        self.keep_alive = Some(cx.now + cx.timing.keep_alive);
        self.look.plan(cx.now + cx.timing.look);
        self.outlet = Some(*outlet);
        let right = self.bound.as_ref() == Some(&self.contact(outlet));
        if right {
            self.corrections = 0;
        } else if self.corrections < MAX_CORRECTIONS {
            // A router stands between, and calls for us come to where it is (RFC 3581).
            self.corrections += 1;
            self.send(Purpose::Register);
        }
        self.changed();
    }

    /// How long the registrar keeps our Contact (section 10.2.4).
    fn granted(&self, response: &Response) -> u32 {
        let ours = response.headers.contacts().into_iter().find(|contact| {
            self.bound.as_ref().is_some_and(|bound| {
                contact.uri.host == bound.host
                    && contact.uri.port.unwrap_or(5060) == bound.port.unwrap_or(5060)
                    && contact.uri.user == bound.user
            })
        });
        let ours = ours.and_then(|contact| contact.expires());
        ours.or_else(|| response.headers.expires()).unwrap_or(self.expires)
    }

    /// The exchange said no, and will say so again.
    fn refuse(&mut self, why: String, status: u16, cx: &mut Context<'_>) {
        self.auth = self.identity.authentication();
        let wait = cx.timing.refused.saturating_mul(1 << self.failures.min(2));
        self.fail(why, Some(status), Some(wait), cx);
    }

    /// It failed, and is tried again after a while that grows.
    pub(super) fn fail(
        &mut self,
        why: String,
        status: Option<u16>,
        wait: Option<Duration>,
        cx: &mut Context<'_>,
    ) {
        let doubled = cx.timing.retry_first.saturating_mul(1 << self.failures.min(16));
        let wait = wait.unwrap_or(doubled.min(cx.timing.retry_max)).min(LONGEST_WAIT);
        // Not all appliances of a company come back at the same moment.
        let wait = wait.mul_f64(0.25f64.mul_add(cx.tokens.share(), 1.0));
        self.failures = self.failures.saturating_add(1);
        self.next = Some(cx.now + wait);
        if self.is_bound(status, cx.now) {
            self.last_error = Some(why);
            return self.changed();
        }
        self.keep_alive = None;
        self.outlet = None;
        self.look.stop();
        self.state = Registration::Failed { why: why.clone(), status, next_try: cx.now + wait };
        self.last_error = Some(why);
        self.changed();
    }

    /// Whether the registrar still has us, and only cannot take us anew for now.
    fn is_bound(&self, status: Option<u16>, now: Instant) -> bool {
        let busy = status.is_some_and(|status| (500..=599).contains(&status));
        busy && matches!(self.state, Registration::Registered { expires, .. } if expires > now)
    }
}

/// A refusal in words.
pub(super) fn words(response: &Response) -> String {
    format!("{} {}", response.status, printable(&response.reason)).trim_end().to_owned()
}
