//! Somebody with a browser: keeps cookies, follows redirects, sends forms with what they hide.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use regex::Regex;
use ureq::Agent;
use ureq::tls::{TlsConfig, TlsProvider};

/// A password that is long enough.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Page {
    #[track_caller]
    pub(crate) fn must(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.body.contains(text), "{text:?} is not in\n{}", self.body);
        self
    }
}

/// Blocking: call it beside the tasks.
#[derive(Clone)]
pub(crate) struct Browser {
    agent: Agent,
    base: String,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: String,
    /// Sent with each request.
    pub(crate) headers: Vec<(String, String)>,
}

impl Browser {
    /// At an appliance, by HTTP or by HTTPS without looking at its certificate.
    pub(crate) fn at(address: SocketAddr, https: bool) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .disable_verification(true)
            .build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .build()
            .new_agent();
        let scheme = if https { "https" } else { "http" };
        let base = format!("{scheme}://{address}");
        Self { agent, base, cookies: BTreeMap::new(), csrf: String::new(), headers: Vec::new() }
    }

    /// One request, without following where it leads.
    pub(crate) fn ask(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Page {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("accept", "text/html");
        let cookies: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut answer = if method == "GET" {
            self.agent.run(request.body(()).unwrap()).unwrap()
        } else {
            self.agent.run(request.body(body).unwrap()).unwrap()
        };
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let headers = answer.headers().iter();
        let text = |value: &ureq::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        let bytes = answer.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        let hidden = Regex::new(r#"name="csrf" value="([^"]+)""#).unwrap();
        if let Some(found) = hidden.captures(&body) {
            found[1].clone_into(&mut self.csrf);
        }
        Page { status: answer.status().as_u16(), headers, body, bytes }
    }

    fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            let Some(to) = page.headers.get("location").filter(|_| page.status == 303) else {
                break;
            };
            let to = to.clone();
            page = self.ask("GET", &to, "", b"");
        }
        page
    }

    pub(crate) fn get(&mut self, path: &str) -> Page {
        let page = self.ask("GET", path, "", b"");
        self.follow(page)
    }

    /// Looks again until the page says so, for ten seconds.
    #[track_caller]
    pub(crate) fn get_until(&mut self, path: &str, text: &str) -> Page {
        for _ in 0..200 {
            if self.get(path).body.contains(text) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        self.get(path).says(text)
    }

    /// Sends a form with the token that the last page hid.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_only(path, &all)
    }

    /// Sends these fields and no others.
    pub(crate) fn post_only(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = encode(fields);
        let page = self.ask("POST", path, "application/x-www-form-urlencoded", body.as_bytes());
        self.follow(page)
    }

    /// Makes the first user, an admin.
    pub(crate) fn set_up(&mut self, token: &str, name: &str) -> Page {
        self.get("/setup").must(200);
        let fields =
            [("token", token), ("name", name), ("password", PASSWORD), ("again", PASSWORD)];
        self.post("/setup", &fields)
    }

    pub(crate) fn log_in(&mut self, name: &str, password: &str) -> Page {
        self.post("/login", &[("name", name), ("password", password)])
    }
}

/// A form as a browser sends it.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect();
    pairs.join("&")
}

/// What the forms of a page are filled in with when they come.
pub(crate) fn filled_in(body: &str) -> Vec<(String, String)> {
    let tag = Regex::new(
        r"(?s)<input ([^>]*)>|<select ([^>]*)>(.*?)</select>|<textarea ([^>]*)>\n?(.*?)</textarea>",
    )
    .unwrap();
    let option = Regex::new(r#"<option value="([^"]*)"[^>]* selected"#).unwrap();
    let of = |attributes: &str, name: &str| {
        let found = format!(" {attributes} ");
        let (_, rest) = found.split_once(&format!(" {name}=\""))?;
        Some(plain(rest.split('"').next()?))
    };
    let mut fields = Vec::new();
    for found in tag.captures_iter(body) {
        let (attributes, value) = if let Some(input) = found.get(1) {
            let input = input.as_str();
            if input.contains("type=\"checkbox\"") && !input.contains(" checked") {
                continue;
            }
            (input, of(input, "value").unwrap_or_default())
        } else if let Some(select) = found.get(2) {
            let chosen = option.captures(&found[3]).map(|found| plain(&found[1]));
            (select.as_str(), chosen.unwrap_or_default())
        } else {
            (found.get(4).unwrap().as_str(), plain(&found[5]))
        };
        fields.extend(of(attributes, "name").map(|name| (name, value)));
    }
    fields
}

fn plain(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}
