//! What the appliance promises, a file per promise, tried on the built parts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails there"
)]

#[path = "../support/mod.rs"]
mod support;

mod alert_texts;
mod audio;
mod calls_many;
mod cli;
mod cli_config;
mod cli_doctor;
mod cli_provision;
mod cli_web;
mod config_bad;
mod config_edit;
mod config_edit_table;
mod config_example;
mod config_read;
mod corpus;
mod dispatch;
mod fuzz_corpora;
mod hostile_mail;
mod mail_relay;
mod modem;
mod modem_balance;
mod modem_call;
mod modem_quirks;
mod modem_trouble;
mod power_cut;
mod queue;
mod script;
mod service;
mod sip_mixed;
mod sip_torture;
mod sms;
mod smtp_corpus;
mod smtp_dialog;
mod smtp_limits;
mod smtp_stop;
mod smtp_tls;
mod speech;
mod speech_trouble;
mod speech_voices;
mod tidy;
mod unseen;
mod way_board;
mod way_call;
mod way_config;
mod way_control;
mod way_crowd;
mod way_faults;
mod way_people;
mod way_restart;
mod way_storm;
mod way_voip;
mod web;
mod web_access;
mod web_api;
mod web_forms;
mod web_manage;
mod web_settings;
mod web_status;
mod web_verify;
