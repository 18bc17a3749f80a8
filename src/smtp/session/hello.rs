//! EHLO and HELO: what is offered, as it is true at the moment.

use super::{Context, Session};
use crate::config::{AuthPolicy, ListenerTls};
use crate::smtp::reply;

impl Session {
    pub(super) fn hello(
        &mut self,
        extended: bool,
        host: &str,
        context: &Context<'_>,
        out: &mut Vec<u8>,
    ) {
        if host.contains(char::is_control) {
            return self.say(reply::BAD_ARGUMENTS, out);
        }
        host.clone_into(&mut self.helo);
        // RFC 5321 section 4.1.4: EHLO in a later place works like RSET.
        self.transaction = None;
        let name = context.config.appliance.name.as_str();
        if !extended {
            return reply::pieces(out, &["250 ", name]);
        }
        reply::pieces(out, &["250-", name]);
        for keyword in ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"] {
            reply::pieces(out, &["250-", keyword]);
        }
        if self.offers_starttls(context) {
            reply::line(out, "250-STARTTLS");
        }
        if self.offers_auth(context) {
            reply::line(out, "250-AUTH PLAIN LOGIN");
        }
        reply::pieces(out, &["250 SIZE ", &context.config.smtp.max_message.0.to_string()]);
    }

    pub(super) fn offers_starttls(&self, context: &Context<'_>) -> bool {
        self.listener.tls == ListenerTls::Starttls && !self.tls && context.tls_available
    }

    pub(super) fn offers_auth(&self, context: &Context<'_>) -> bool {
        let smtp = &context.config.smtp;
        self.listener.auth != AuthPolicy::Off
            && !smtp.users.is_empty()
            && (self.tls || smtp.auth_without_tls)
    }

    /// The refusal of a command that needs a login, unless there was one.
    pub(super) fn login_missing(&self, context: &Context<'_>) -> Option<&'static str> {
        if self.listener.auth != AuthPolicy::Required || self.user.is_some() {
            None
        } else if self.offers_starttls(context) && !self.offers_auth(context) {
            Some(reply::STARTTLS_FIRST)
        } else {
            Some(reply::LOG_IN_FIRST)
        }
    }
}
