//! Parts → the message they were.

use std::collections::VecDeque;

use super::address::Address;
use super::user_data::{Body, Part};

/// Most messages of which some parts are still missing; the oldest makes room.
const MAX_INCOMPLETE: usize = 32;

/// Puts parts together, by who sent them (or gets them) and their reference. Parts may come in
/// any order and more than once.
#[derive(Debug, Default)]
pub struct Reassembly {
    incomplete: VecDeque<Incomplete>,
}

#[derive(Debug)]
struct Incomplete {
    address: Address,
    reference: u16,
    parts: Vec<Option<Body>>,
}

impl Reassembly {
    /// Takes a part in. The text and the number of its parts come back with the last one.
    pub fn add(&mut self, address: &Address, part: Part) -> Option<(String, usize)> {
        let Some(place) = part.concatenation else {
            return Some((part.text(), 1));
        };
        let total = usize::from(place.total);
        let known = self.incomplete.iter().position(|message| {
            message.address == *address
                && message.reference == place.reference
                && message.parts.len() == total
        });
        let index = known.unwrap_or_else(|| {
            if self.incomplete.len() == MAX_INCOMPLETE {
                self.incomplete.pop_front();
            }
            self.incomplete.push_back(Incomplete {
                address: address.clone(),
                reference: place.reference,
                parts: vec![None; total],
            });
            self.incomplete.len() - 1
        });
        let message = self.incomplete.get_mut(index)?;
        *message.parts.get_mut(usize::from(place.sequence).checked_sub(1)?)? = Some(part.body);
        if message.parts.iter().any(Option::is_none) {
            return None;
        }
        let message = self.incomplete.remove(index)?;
        Some((text(message.parts.into_iter().flatten()), total))
    }
}

/// Units are joined before they are decoded, since other senders do cut pairs.
fn text(bodies: impl Iterator<Item = Body>) -> String {
    let mut text = String::new();
    let mut run: Option<Body> = None;
    for body in bodies {
        run = Some(match (run.take(), body) {
            (Some(Body::Gsm7(mut run)), Body::Gsm7(more)) => {
                run.extend(more);
                Body::Gsm7(run)
            }
            (Some(Body::Ucs2(mut run)), Body::Ucs2(more)) => {
                run.extend(more);
                Body::Ucs2(run)
            }
            (Some(run), body) => {
                text.push_str(&Part { body: run, concatenation: None }.text());
                body
            }
            (None, body) => body,
        });
    }
    if let Some(body) = run {
        text.push_str(&Part { body, concatenation: None }.text());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::pdu::{Concatenation, split};

    #[test]
    fn parts_in_any_order_make_the_message() {
        let text = "ñandú 🔥 ".repeat(30);
        let mut parts = split(&text, 9);
        let total = parts.len();
        parts.reverse();
        parts.insert(0, parts[0].clone());
        let last = parts.pop().unwrap();
        let mut reassembly = Reassembly::default();
        let ana = Address::new("+34600000001".into());
        for part in parts {
            assert_eq!(reassembly.add(&ana, part), None);
            assert_eq!(reassembly.add(&Address::new("+3".into()), last.clone()), None);
        }
        assert_eq!(reassembly.add(&ana, last), Some((text, total)));
    }

    #[test]
    fn a_pair_that_another_sender_cut_is_whole_again() {
        let part = |sequence, unit| Part {
            body: Body::Ucs2(vec![unit]),
            concatenation: Some(Concatenation { reference: 1, total: 2, sequence }),
        };
        let mut reassembly = Reassembly::default();
        let from = Address::new("+1".into());
        assert_eq!(reassembly.add(&from, part(1, 0xD83D)), None);
        assert_eq!(reassembly.add(&from, part(2, 0xDD25)), Some(("🔥".into(), 2)));
    }

    #[test]
    fn incomplete_messages_do_not_pile_up() {
        let mut reassembly = Reassembly::default();
        let text = "a".repeat(200);
        for reference in 0..=255 {
            reassembly.add(&Address::new("+1".into()), split(&text, reference).remove(0));
        }
        assert_eq!(reassembly.incomplete.len(), MAX_INCOMPLETE);
    }
}
