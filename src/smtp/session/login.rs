//! AUTH within the session: when it may be, and what follows from it.

use super::{Context, Session, State};
use crate::config::AuthPolicy;
use crate::smtp::auth::{self, Credentials, Exchange, Next};
use crate::smtp::command::Mechanism;
use crate::smtp::reply;

/// Failed logins after which the connection is closed.
const MAX_FAILED_LOGINS: u32 = 3;

impl Session {
    pub(super) fn auth(
        &mut self,
        mechanism: Mechanism,
        initial: &str,
        context: &Context<'_>,
        out: &mut Vec<u8>,
    ) {
        if self.user.is_some() || self.transaction.is_some() {
            return self.say(reply::BAD_SEQUENCE, out);
        }
        if !self.offers_auth(context) {
            let users = !context.config.smtp.users.is_empty();
            let only_tls_missing = self.listener.auth != AuthPolicy::Off && users;
            let refusal =
                if only_tls_missing { reply::LOGIN_NEEDS_TLS } else { reply::NOT_IMPLEMENTED };
            return self.say(refusal, out);
        }
        if !context.clients.may_log_in(self.client, context.now) {
            return self.say(reply::TRY_LOGIN_LATER, out);
        }
        self.proceed(auth::begin(mechanism, initial), context, out);
    }

    pub(super) fn resume_login(
        &mut self,
        exchange: Exchange,
        line: &[u8],
        context: &Context<'_>,
        out: &mut Vec<u8>,
    ) {
        self.proceed(auth::resume(exchange, line), context, out);
    }

    fn proceed(&mut self, next: Next, context: &Context<'_>, out: &mut Vec<u8>) {
        match next {
            Next::Ask(line, exchange) => {
                reply::line(out, line);
                self.state = State::Login(exchange);
            }
            Next::Fail(line) => self.say(line, out),
            Next::Verify(credentials) => self.verify(&credentials, context, out),
        }
    }

    fn verify(&mut self, credentials: &Credentials, context: &Context<'_>, out: &mut Vec<u8>) {
        if let Some(user) = auth::verify(&context.config.smtp.users, credentials) {
            self.user = Some(user.name.clone());
            return self.say(reply::LOGGED_IN, out);
        }
        context.clients.login_failed(self.client, context.now);
        self.failed_logins += 1;
        tracing::warn!(client = %self.client, "login failed");
        self.say(reply::LOGIN_FAILED, out);
        if self.failed_logins >= MAX_FAILED_LOGINS {
            self.close(reply::TOO_MANY_FAILED_LOGINS, out);
        }
    }
}
