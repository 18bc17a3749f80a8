//! The phone that gets the messages.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::warn;

use crate::modem::pdu::{Reassembly, Submit};

/// A message as a phone shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedSms {
    /// The number it was sent to.
    pub to: String,
    /// What it says, all parts.
    pub text: String,
    /// How many parts it had.
    pub parts: usize,
}

/// Puts the parts together and keeps the messages.
pub(super) struct Phone {
    reassembly: Reassembly,
    file: Option<File>,
    unread: mpsc::Sender<ReceivedSms>,
}

impl Phone {
    pub(super) fn new(file: Option<&Path>, unread: mpsc::Sender<ReceivedSms>) -> io::Result<Self> {
        let open = |path| OpenOptions::new().create(true).append(true).open(path);
        let file = file.map(open).transpose()?;
        Ok(Self { reassembly: Reassembly::default(), file, unread })
    }

    pub(super) fn take(&mut self, submit: Submit) {
        let Some((text, parts)) = self.reassembly.add(&submit.to, submit.part) else { return };
        let sms = ReceivedSms { to: submit.to.to_string(), text, parts };
        if let Some(file) = &mut self.file
            && let Err(error) = write_line(file, &sms)
        {
            warn!("a received message cannot be written: {error}");
        }
        // Without a reader the file alone keeps them.
        let _unread = self.unread.try_send(sms);
    }
}

fn write_line(file: &mut File, sms: &ReceivedSms) -> io::Result<()> {
    let mut line = serde_json::to_vec(sms)?;
    line.push(b'\n');
    file.write_all(&line)
}
