//! What the appliance promises, a file per promise, tried on the built parts.

mod alert_texts;
mod corpus;
mod hostile_mail;
mod unseen;
