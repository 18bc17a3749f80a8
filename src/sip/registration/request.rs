//! What an account sends.

use super::Account;
use crate::sip::act::Outlet;
use crate::sip::call::ALLOW;
use crate::sip::message::{Method, Name, NameAddr, Request, Uri};

impl Account {
    /// Where calls for us should go.
    pub(super) fn contact(&self, outlet: &Outlet) -> Uri {
        outlet.contact(self.identity.address.uri.user.as_deref())
    }

    pub(super) fn write_register(&mut self, outlet: &Outlet, expires: u32) -> Request {
        let contact = self.contact(outlet);
        let mut request = self.begin(Method::Register);
        let headers = &mut request.headers;
        let with = |uri: &Uri, expires: u32| {
            let mut address = NameAddr::new(uri.clone());
            address.params.set("expires", Some(&expires.to_string()));
            address.to_string()
        };
        headers.push(Name::Contact, with(&contact, expires));
        // Where we are no longer.
        if let Some(old) = self.bound.as_ref().filter(|old| **old != contact) {
            headers.push(Name::Contact, with(old, 0));
        }
        headers.push(Name::Expires, expires.to_string());
        headers.push(Name::Allow, ALLOW);
        headers.push(Name::Supported, "path");
        self.asked = Some(contact);
        request
    }

    pub(super) fn write_look(&mut self, outlet: &Outlet) -> Request {
        let contact = self.contact(outlet);
        let mut request = self.begin(Method::Options);
        request.headers.push(Name::Contact, NameAddr::new(contact).to_string());
        request.headers.push(Name::Accept, "application/sdp");
        request
    }

    fn begin(&mut self, method: Method) -> Request {
        self.number += 1;
        let mut request = Request::new(method, self.identity.registrar());
        let number = format!("{} {}", self.number, request.method);
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, self.from.to_string());
        headers.push(Name::To, self.identity.address.to_string());
        headers.push(Name::CallId, &self.call_id);
        headers.push(Name::CSeq, number);
        request
    }
}
