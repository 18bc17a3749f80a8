//! Telling by a call: the phone rings, a voice says the alert, a key proves that a person
//! understood.
//!
//! `conversation` decides what is said (pure); `talk` carries it out on a [`Line`], which is a call
//! by whatever carrier; `gsm` is the carrier with the modem and a sound card.

pub mod conversation;
