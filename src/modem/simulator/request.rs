//! A command line → its commands (V.250 section 5.2.1 and 5.4). Pure.

use crate::modem::at::{Field, fields};

/// Most commands on one line.
const MAX_REQUESTS: usize = 64;

/// One command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// `E`, `&F`, `S0`, `D`, `+CMGS`, in capitals.
    pub(super) name: String,
    /// What is asked of it.
    pub(super) form: Form,
}

/// What is asked of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// `+CSQ`
    Execute,
    /// `+CREG?`
    Read,
    /// `+CREG=?`
    Test,
    /// `+CREG=1`, `E0`
    Set(Vec<Field>),
}

impl Form {
    /// The parameter at `index` as a number.
    pub(super) fn number(&self, index: usize) -> Option<u32> {
        self.field(index)?.number()
    }

    /// The parameter at `index` as text.
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        self.field(index).map(Field::text)
    }

    fn field(&self, index: usize) -> Option<&Field> {
        match self {
            Self::Set(fields) => fields.get(index),
            Self::Execute | Self::Read | Self::Test => None,
        }
    }
}

/// Takes a line apart; `None` if it is no command line.
pub(super) fn requests(line: &str) -> Option<Vec<Request>> {
    let (prefix, mut rest) = line.split_at_checked(2)?;
    if !prefix.eq_ignore_ascii_case("AT") {
        return None;
    }
    let mut requests = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ';']);
        let Some(first) = rest.chars().next() else { return Some(requests) };
        if requests.len() == MAX_REQUESTS {
            return None;
        }
        let (request, after) = match first {
            '+' | '*' | '#' | '^' | '%' | '$' => extended(rest),
            'D' | 'd' => {
                let number = rest.get(1..).unwrap_or("");
                (Request { name: "D".into(), form: Form::Set(fields(number)) }, "")
            }
            _ => basic(rest)?,
        };
        requests.push(request);
        rest = after;
    }
}

/// `+NAME`, `+NAME?`, `+NAME=?`, `+NAME=value,…`, up to a semicolon outside quotes.
fn extended(text: &str) -> (Request, &str) {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let (command, after) = match end {
        Some(end) => (text.get(..end).unwrap_or(text), text.get(end + 1..).unwrap_or("")),
        None => (text, ""),
    };
    let command = command.trim();
    let (name, form) = match command.split_once('=') {
        Some((name, value)) if value.trim() == "?" => (name, Form::Test),
        Some((name, value)) => (name, Form::Set(fields(value))),
        None => match command.strip_suffix('?') {
            Some(name) => (name, Form::Read),
            None => (command, Form::Execute),
        },
    };
    (Request { name: name.trim().to_ascii_uppercase(), form }, after)
}

/// `E0`, `&F`, `S3=13`, `S3?`
fn basic(text: &str) -> Option<(Request, &str)> {
    let letters = if text.starts_with('&') { 2 } else { 1 };
    let (name, rest) = text.split_at_checked(letters)?;
    let mut name = name.to_ascii_uppercase();
    if !name.chars().all(|c| c.is_ascii_alphabetic() || c == '&') {
        return None;
    }
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, mut after) = rest.split_at_checked(digits(rest))?;
    let mut form = if number.is_empty() { Form::Execute } else { Form::Set(fields(number)) };
    if name == "S" {
        name.push_str(number);
        form = Form::Execute;
        if let Some(value) = after.strip_prefix('=') {
            let (value, rest) = value.split_at_checked(digits(value))?;
            (form, after) = (Form::Set(fields(value)), rest);
        }
    }
    if let Some(rest) = after.strip_prefix('?') {
        (form, after) = (Form::Read, rest);
    }
    Some((Request { name, form }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let set = |text: &str| Form::Set(fields(text));
        let rows = [
            ("AT", vec![]),
            ("ATE0V1&F", vec![("E", set("0")), ("V", set("1")), ("&F", Form::Execute)]),
            ("at+cmee=2;+creg?", vec![("+CMEE", set("2")), ("+CREG", Form::Read)]),
            ("ATE1+CMGF=?;I", vec![("E", set("1")), ("+CMGF", Form::Test), ("I", Form::Execute)]),
            ("ATS0=1S3?", vec![("S0", set("1")), ("S3", Form::Read)]),
            (
                "AT+CUSD=1,\"*1;2#\";+CSQ",
                vec![("+CUSD", set("1,\"*1;2#\"")), ("+CSQ", Form::Execute)],
            ),
            ("ATD+34600000001;", vec![("D", set("+34600000001;"))]),
        ];
        for (line, expected) in rows {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(name, form)| Request { name: name.to_owned(), form })
                .collect();
            assert_eq!(requests(line), Some(expected), "{line}");
        }
        assert_eq!(requests("hello"), None);
        assert_eq!(requests("AT€"), None);
    }
}
