//! Which message a later report of the network speaks of. Pure.

use std::collections::VecDeque;

use super::plan::Key;

/// Most messages whose reports are awaited; the oldest are forgotten.
const MOST_AWAITED: usize = 1000;

/// Digits compared of two numbers: a network may add or drop the country code.
const DIGITS_COMPARED: usize = 6;

/// A report of the network on one part of a message (for SMS: a status report, 3GPP TS 23.040
/// section 9.2.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Reference the network gave the part (TP-MR).
    pub reference: u8,
    /// Number the part went to.
    pub number: String,
    /// Whether it arrived, else why not.
    pub arrived: Result<(), String>,
}

/// Most reports kept that came before their message was known to be handed over.
const MOST_EARLY: usize = 64;

/// Messages whose reports are awaited, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    messages: VecDeque<Message>,
    early: VecDeque<Receipt>,
}

#[derive(Debug)]
struct Message {
    keys: Vec<Key>,
    number: String,
    references: Vec<u8>,
}

/// What a receipt means for the deliveries of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) keys: Vec<Key>,
    pub(super) arrived: Result<(), String>,
}

impl Awaited {
    /// From now on receipts with these references speak of this delivery (and of others told by
    /// the same message). Returns what receipts that came early mean for it.
    pub(super) fn expect(
        &mut self,
        key: Key,
        number: String,
        references: Vec<u8>,
    ) -> Option<Meaning> {
        if references.is_empty() {
            return None;
        }
        if let Some(message) = self.messages.back_mut()
            && message.number == number
            && message.references == references
        {
            message.keys.push(key);
            return None;
        }
        if self.messages.len() >= MOST_AWAITED {
            self.messages.pop_front();
        }
        self.messages.push_back(Message { keys: vec![key], number, references });
        let early = std::mem::take(&mut self.early);
        early.into_iter().filter_map(|receipt| self.take(receipt)).last()
    }

    /// What a receipt means, if it is the last word on a message: all parts arrived, or one did
    /// not.
    pub(super) fn take(&mut self, receipt: Receipt) -> Option<Meaning> {
        // References are reused after 256 messages: the newest that fits is meant.
        let position = self.messages.iter().rposition(|message| {
            message.references.contains(&receipt.reference)
                && same_number(&message.number, &receipt.number)
        });
        let Some(position) = position else {
            if self.early.len() >= MOST_EARLY {
                self.early.pop_front();
            }
            self.early.push_back(receipt);
            return None;
        };
        let message = self.messages.get_mut(position)?;
        message.references.retain(|reference| *reference != receipt.reference);
        if receipt.arrived.is_ok() && !message.references.is_empty() {
            return None;
        }
        let message = self.messages.remove(position)?;
        Some(Meaning { keys: message.keys, arrived: receipt.arrived })
    }
}

fn same_number(one: &str, other: &str) -> bool {
    fn tail(number: &str) -> impl Iterator<Item = char> {
        number.chars().rev().filter(char::is_ascii_digit).take(DIGITS_COMPARED)
    }
    tail(one).eq(tail(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::AlertId;
    use crate::config::ChannelName;

    fn key(alert: u64) -> Key {
        Key { alert: AlertId(alert), channel: ChannelName::Sms, person: "ana".parse().unwrap() }
    }

    fn receipt(reference: u8, arrived: Result<(), String>) -> Receipt {
        Receipt { reference, number: "600000001".to_owned(), arrived }
    }

    fn awaited() -> Awaited {
        let mut awaited = Awaited::default();
        awaited.expect(key(1), "+34600000001".to_owned(), vec![7, 8]);
        awaited
    }

    #[test]
    fn a_message_has_arrived_when_all_its_parts_have() {
        let mut awaited = awaited();
        assert_eq!(awaited.take(receipt(8, Ok(()))), None);
        let meaning = Meaning { keys: vec![key(1)], arrived: Ok(()) };
        assert_eq!(awaited.take(receipt(7, Ok(()))), Some(meaning));
        assert_eq!(awaited.take(receipt(7, Ok(()))), None);
    }

    #[test]
    fn one_lost_part_is_a_lost_message() {
        let mut awaited = awaited();
        let lost = Err("expired".to_owned());
        let meaning = Meaning { keys: vec![key(1)], arrived: lost.clone() };
        assert_eq!(awaited.take(receipt(7, lost)), Some(meaning));
    }

    #[test]
    fn the_receipt_of_another_message_means_nothing() {
        let mut other = receipt(7, Ok(()));
        other.number = "600000002".to_owned();
        assert_eq!(awaited().take(other), None);
    }

    #[test]
    fn a_receipt_may_come_before_the_message_is_known() {
        let mut awaited = Awaited::default();
        assert_eq!(awaited.take(receipt(7, Ok(()))), None);
        let meaning = awaited.expect(key(1), "+34600000001".to_owned(), vec![7]);
        assert_eq!(meaning, Some(Meaning { keys: vec![key(1)], arrived: Ok(()) }));
    }

    #[test]
    fn a_reused_reference_means_the_newest_message() {
        let mut awaited = awaited();
        awaited.expect(key(2), "+34600000001".to_owned(), vec![7]);
        assert_eq!(awaited.take(receipt(7, Ok(()))).unwrap().keys, [key(2)]);
    }
}
