//! The headers of a message: lines of a name and a value, in their order.

use super::grammar;
use super::name::Name;
use super::via::Via;

/// The headers. A value has no control characters and no blanks around it; it may be a list.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Name, String)>);

impl Headers {
    /// The value of the first line of that name.
    #[must_use]
    pub fn get(&self, name: &Name) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all lines of that name, each of which may be a list.
    pub fn all(&self, name: &Name) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All lines.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.0.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// How many lines there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a line at the end. Line ends and other control characters become blanks.
    pub fn push(&mut self, name: Name, value: impl AsRef<str>) {
        self.0.push((name, clean(value.as_ref())));
    }

    /// Adds a line before all others, as Via and Route want.
    pub fn push_front(&mut self, name: Name, value: impl AsRef<str>) {
        self.0.insert(0, (name, clean(value.as_ref())));
    }

    /// Makes this the only line of that name: in the place of the first, or at the end.
    pub fn set(&mut self, name: Name, value: impl AsRef<str>) {
        let place = self.0.iter().position(|(known, _)| *known == name).unwrap_or(self.0.len());
        self.remove(&name);
        self.0.insert(place, (name, clean(value.as_ref())));
    }

    /// Takes all lines of that name away.
    pub fn remove(&mut self, name: &Name) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Puts another one in the place of the topmost Via: with `received` and `rport`, say.
    pub fn replace_top_via(&mut self, via: &Via) {
        let Some((_, value)) = self.0.iter_mut().find(|(name, _)| *name == Name::Via) else {
            return self.push_front(Name::Via, via.to_string());
        };
        let rest = grammar::split_once(value, b',').map(|(_, rest)| rest.trim().to_owned());
        *value = match rest {
            Some(rest) => format!("{via}, {rest}"),
            None => via.to_string(),
        };
    }
}

/// A value for one line.
fn clean(value: &str) -> String {
    if value.contains(char::is_control) {
        return value.replace(char::is_control, " ").trim().to_owned();
    }
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_replaced_and_removed() {
        let mut headers = Headers::default();
        headers.push(Name::To, "a");
        headers.push(Name::Via, "b");
        headers.push_front(Name::Via, "c");
        headers.set(Name::To, "d");
        headers.set(Name::From, "e");
        let lines = |headers: &Headers| {
            headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        assert_eq!(lines(&headers), ["Via: c", "To: d", "Via: b", "From: e"]);
        headers.remove(&Name::Via);
        assert_eq!(lines(&headers), ["To: d", "From: e"]);
    }

    #[test]
    fn nothing_is_smuggled_in_through_a_value() {
        let mut headers = Headers::default();
        headers.push(Name::Subject, " a\r\nX: b\0\n\n");
        assert_eq!(headers.get(&Name::Subject), Some("a  X: b"));
    }

    #[test]
    fn the_topmost_via_is_replaced_alone() {
        let via: Via = "SIP/2.0/UDP a;branch=z9hG4bK1;received=192.0.2.1".parse().unwrap();
        let rows = [
            (vec!["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/UDP b"], 2),
            (vec!["SIP/2.0/UDP a;x=\",\" , SIP/2.0/UDP b"], 2),
            (vec![], 1),
        ];
        for (lines, count) in rows {
            let mut headers = Headers::default();
            for line in lines {
                headers.push(Name::Via, line);
            }
            headers.replace_top_via(&via);
            let vias = headers.vias();
            assert_eq!(vias.len(), count);
            assert_eq!(vias.first(), Some(&via));
        }
    }
}
