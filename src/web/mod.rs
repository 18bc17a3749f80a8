//! The administration in a browser: pages, API, intake by HTTP and metrics.
//!
//! [`Server`] is the edge: it takes connections, speaks TLS and hands requests to the routes.
//! `guard` says who may ask what, before any page sees the request. A page is a pure function from
//! facts to HTML; what people do goes through the same desk as the command line's, and what programs
//! bring through the same door as mail.

pub mod account;
mod api;
pub mod archive;
mod audit;
mod change;
pub mod csv;
mod earlier;
mod facts;
mod form;
mod guard;
mod lights;
mod live;
pub mod local;
mod metrics;
mod page;
mod person;
mod plot;
mod preview;
mod private;
mod routes;
mod said;
mod self_test;
mod server;
mod site;
mod statistics;
mod update;
mod words;

pub use api::{Operation, operations};
pub use audit::{Audit, Entry};
pub use earlier::Earlier;
pub use form::keys;
pub use server::Server;
pub use site::Parts;
