//! Where a call is sent on to (RFC 3261 section 8.1.3.4).

use std::collections::VecDeque;

use super::Target;
use crate::sip::message::{Params, Response, Scheme, Uri};

/// Most addresses that are called, the first one included.
const MAX_TARGETS: usize = 5;

/// The addresses that were called and that are still to be.
#[derive(Debug)]
pub(super) struct Targets {
    tried: Vec<String>,
    open: VecDeque<Uri>,
}

impl Targets {
    pub(super) fn new(first: &Uri) -> Self {
        Self { tried: vec![first.to_string()], open: VecDeque::new() }
    }

    /// Learns the Contacts of a 3xx, the best first. What was called before is not called again.
    pub(super) fn learn(&mut self, response: &Response) {
        let mut contacts = response.headers.contacts();
        let quality = |text: Option<&str>| -> f32 {
            text.and_then(|text| text.parse().ok())
                .filter(|q| (0.0..=1.0).contains(q))
                .unwrap_or(1.0)
        };
        contacts.sort_by(|one, other| {
            let q = |params: &Params| quality(params.get("q"));
            q(&other.params).total_cmp(&q(&one.params))
        });
        for contact in contacts {
            let mut uri = contact.uri;
            // Headers in it would be ours to add; nobody outside chooses those.
            uri.headers = None;
            uri.params.remove("method");
            let text = uri.to_string();
            let is_sip = matches!(uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel);
            // Whoever sends us on does not make us call them.
            let is_sip = is_sip && !Target::Uri(uri.clone()).is_emergency();
            if is_sip && self.tried.len() < MAX_TARGETS && !self.tried.contains(&text) {
                self.tried.push(text);
                self.open.push_back(uri);
            }
        }
    }

    pub(super) fn next(&mut self) -> Option<Uri> {
        self.open.pop_front()
    }
}
