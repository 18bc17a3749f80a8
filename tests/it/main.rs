//! What the appliance promises, a file per promise, tried on the built parts.

mod cli;
mod config_bad;
mod config_edit;
mod config_example;
