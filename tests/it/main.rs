//! What the appliance promises, a file per promise, tried on the built parts.
mod corpus;
mod hostile_mail;
mod unseen;
mod zz_dump;
