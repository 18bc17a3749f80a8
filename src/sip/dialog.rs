//! Dialogs: what two sides know of each other (RFC 3261 section 12), seen from the one that called.

use super::act::Way;
use super::message::{Headers, Method, Name, NameAddr, Request, Response, Uri};

/// Most routes of a dialog.
const MAX_ROUTES: usize = 16;

/// A dialog; early until a 2xx made it.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    call_id: String,
    local: NameAddr,
    remote: NameAddr,
    target: Uri,
    /// The way that the call went, for one that does not say where it is.
    call_way: Option<Way>,
    routes: Vec<NameAddr>,
    local_number: u32,
    remote_number: Option<u32>,
}

impl Dialog {
    /// The dialog that an answer to our request makes (section 12.1.2). Without a Contact, the other
    /// side is reached as it was called, by that `way`.
    #[must_use]
    pub(crate) fn of_answer(request: &Request, response: &Response, way: Way) -> Option<Self> {
        let mut dialog = Self {
            call_id: request.headers.call_id()?.to_owned(),
            local: request.headers.from()?,
            remote: response.headers.to()?,
            target: request.uri.clone(),
            call_way: Some(way),
            routes: Vec::new(),
            local_number: request.headers.cseq()?.number,
            remote_number: None,
        };
        dialog.learn_routes(response);
        dialog.refresh_target(&response.headers);
        Some(dialog)
    }

    /// Takes the routes of an answer: the 2xx has the last word (section 13.2.2.4).
    pub(crate) fn learn_routes(&mut self, response: &Response) {
        self.routes = response.headers.record_routes();
        self.routes.reverse();
        self.routes.truncate(MAX_ROUTES);
    }

    /// Takes the place where the other side is now (section 12.2.1.2, 12.2.2).
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(uri) = headers.contact_uri() {
            self.target = uri;
            self.call_way = None;
        }
    }

    /// The other side's tag; empty for one that knows none (RFC 2543).
    #[must_use]
    pub(crate) fn remote_tag(&self) -> &str {
        self.remote.tag().unwrap_or_default()
    }

    /// Where its requests are sent: to the first route, else to the other side itself.
    #[must_use]
    pub(crate) fn way(&self) -> Way {
        match (self.routes.first(), &self.call_way) {
            (Some(route), _) => Way::Uri(route.uri.clone()),
            (None, Some(way)) => way.clone(),
            (None, None) => Way::Uri(self.target.clone()),
        }
    }

    /// Number of the last request of ours.
    #[must_use]
    pub(crate) const fn local_number(&self) -> u32 {
        self.local_number
    }

    /// A new request of ours (section 12.2.1.1), without Via and Contact.
    #[must_use]
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_number += 1;
        self.write(method, self.local_number)
    }

    /// The ACK for the 2xx of the INVITE of that number.
    #[must_use]
    pub(crate) fn acknowledgement(&self, number: u32) -> Request {
        self.write(Method::Ack, number)
    }

    fn write(&self, method: Method, number: u32) -> Request {
        let mut routes: Vec<_> = self.routes.iter().map(ToString::to_string).collect();
        let uri = match self.routes.first() {
            // A strict router wants its own name on top and the target last (section 12.2.1.1).
            Some(first) if !first.uri.lr() => {
                routes.remove(0);
                routes.push(NameAddr::new(self.target.clone()).to_string());
                first.uri.clone()
            }
            Some(_) | None => self.target.clone(),
        };
        let mut request = Request::new(method, uri);
        let line = format!("{number} {}", request.method);
        let headers = &mut request.headers;
        for route in routes {
            headers.push(Name::Route, route);
        }
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, self.local.to_string());
        headers.push(Name::To, self.remote.to_string());
        headers.push(Name::CallId, &self.call_id);
        headers.push(Name::CSeq, line);
        request
    }

    /// Whether a request of the other side belongs to it.
    #[must_use]
    pub(crate) fn owns(&self, request: &Request) -> bool {
        let headers = &request.headers;
        let tag = |side: Option<NameAddr>| side.and_then(|side| side.tag().map(str::to_owned));
        headers.call_id() == Some(&self.call_id)
            && tag(headers.to()).as_deref() == self.local.tag()
            && tag(headers.from()).unwrap_or_default() == self.remote_tag()
    }

    /// Whether a request of the other side is newer than those before it; it is the newest then
    /// (section 12.2.2).
    pub(crate) fn take_number(&mut self, number: u32) -> bool {
        let newer = self.remote_number.is_none_or(|last| number > last);
        if newer {
            self.remote_number = Some(number);
        }
        newer
    }
}
