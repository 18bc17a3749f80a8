//! What the appliance promises, a file per promise, tried on the built parts.
mod corpus;
mod unseen;
mod zz_dump;
