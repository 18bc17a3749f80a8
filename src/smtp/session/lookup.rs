//! VRFY and EXPN: who is behind a name, if the configuration lets it be told.

use super::{Context, Session};
use crate::smtp::reply;

impl Session {
    pub(super) fn vrfy(&mut self, name: &str, context: &Context<'_>, out: &mut Vec<u8>) {
        if let Some(refusal) = self.login_missing(context) {
            return self.say(refusal, out);
        }
        let config = context.config;
        if !config.smtp.vrfy {
            return self.say(reply::CANNOT_VERIFY, out);
        }
        let people = config.directory.resolve(without_brackets(name));
        let mut people = people.iter();
        match (people.next(), people.next()) {
            (None, _) => self.say(reply::UNKNOWN_RECIPIENT, out),
            (Some(person), None) => {
                let mailbox = reply::mailbox(person, &config.appliance.name);
                reply::pieces(out, &["250 ", &mailbox]);
            }
            (Some(_), Some(_)) => self.say(reply::IS_GROUP, out),
        }
    }

    pub(super) fn expn(&mut self, name: &str, context: &Context<'_>, out: &mut Vec<u8>) {
        if let Some(refusal) = self.login_missing(context) {
            return self.say(refusal, out);
        }
        let config = context.config;
        if !config.smtp.vrfy {
            return self.say(reply::NOT_IMPLEMENTED, out);
        }
        let people = config.directory.resolve(without_brackets(name));
        if people.is_empty() {
            return self.say(reply::UNKNOWN_RECIPIENT, out);
        }
        let host = &config.appliance.name;
        let mailboxes: Vec<_> = people.iter().map(|person| reply::mailbox(person, host)).collect();
        reply::lines(out, mailboxes.iter().map(String::as_str));
    }
}

fn without_brackets(name: &str) -> &str {
    name.strip_prefix('<').and_then(|name| name.strip_suffix('>')).unwrap_or(name)
}
