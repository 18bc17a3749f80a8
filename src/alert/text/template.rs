//! Texts with placeholders, as the configuration has them: `{subject} ({severity})`.

use std::fmt;
use std::str::FromStr;

/// A text with placeholders, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `{from}`: the mail's sender.
    From,
    /// `{subject}`: the mail's subject.
    Subject,
    /// `{date}`: the mail's date.
    Date,
    /// `{body}`: the mail's text.
    Body,
    /// `{source}`: the program that sent it.
    Source,
    /// `{kind}`: problem, recovery, …, in the person's language.
    Kind,
    /// `{severity}`: in the person's language; empty if the mail does not tell.
    Severity,
    /// `{host}`: the machine; empty if the mail does not tell.
    Host,
    /// `{check}`: what is wrong on it; empty if the mail does not tell.
    Check,
    /// `{problem_id}`: the source's number for it; empty if the mail does not tell.
    ProblemId,
    /// `{summary}`: one line a person understands.
    Summary,
}

impl Field {
    /// Every placeholder.
    pub const ALL: [Self; 11] = [
        Self::From,
        Self::Subject,
        Self::Date,
        Self::Body,
        Self::Source,
        Self::Kind,
        Self::Severity,
        Self::Host,
        Self::Check,
        Self::ProblemId,
        Self::Summary,
    ];

    /// The name between the braces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Subject => "subject",
            Self::Date => "date",
            Self::Body => "body",
            Self::Source => "source",
            Self::Kind => "kind",
            Self::Severity => "severity",
            Self::Host => "host",
            Self::Check => "check",
            Self::ProblemId => "problem_id",
            Self::Summary => "summary",
        }
    }

    /// Whether it tells of one event rather than of the mail.
    #[must_use]
    pub(super) const fn is_of_event(self) -> bool {
        !matches!(self, Self::From | Self::Subject | Self::Date | Self::Body)
    }
}

/// Why a text is no template. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is no such placeholder.
    #[error("unknown placeholder {{{name}}} at character {position}; known are {}", known())]
    Unknown {
        /// What stands between the braces.
        name: String,
        /// Where the `{` stands.
        position: usize,
    },
    /// A placeholder has no end.
    #[error("\"{{\" at character {position} has no \"}}\"; a brace itself is written \"{{{{\"")]
    Unclosed {
        /// Where the `{` stands.
        position: usize,
    },
    /// A `}` ends nothing.
    #[error(
        "\"}}\" at character {position} ends no placeholder; a brace itself is written \"}}}}\""
    )]
    Unopened {
        /// Where the `}` stands.
        position: usize,
    },
}

fn known() -> String {
    Field::ALL.map(|field| format!("{{{}}}", field.name())).join(" ")
}

impl Template {
    /// Reads a template. `{{` and `}}` stand for the braces themselves.
    ///
    /// # Errors
    /// [`TemplateError`] names the fault and where it is.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            let doubled = chars.peek().is_some_and(|(_, next)| *next == c);
            let position = at + 1;
            match c {
                '{' | '}' if doubled => {
                    chars.next();
                    literal.push(c);
                }
                '}' => return Err(TemplateError::Unopened { position }),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some((_, '}')) => break,
                            Some((_, '{')) | None => {
                                return Err(TemplateError::Unclosed { position });
                            }
                            Some((_, c)) => name.push(c),
                        }
                    }
                    let field = Field::ALL.into_iter().find(|field| field.name() == name);
                    let field = field.ok_or(TemplateError::Unknown { name, position })?;
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Field(field));
                }
                c => literal.push(c),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// Puts values for the placeholders.
    pub(super) fn fill(&self, value: impl Fn(Field) -> String) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(field) => value(*field),
        });
        parts.collect()
    }

    /// Whether any placeholder tells of one event.
    pub(super) fn tells_of_event(&self) -> bool {
        let of_event = |part: &Part| matches!(part, Part::Field(field) if field.is_of_event());
        self.parts.iter().any(of_event)
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Self::parse(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => out.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Part::Field(field) => write!(out, "{{{}}}", field.name()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Template, TemplateError};

    #[test]
    fn fills() {
        let template = Template::parse("¡{kind}! {{{host}}} {problem_id}").unwrap();
        let text = template.fill(|field| field.name().to_uppercase());
        assert_eq!(text, "¡KIND! {HOST} PROBLEM_ID");
        assert_eq!(template.to_string(), "¡{kind}! {{{host}}} {problem_id}");
        assert!(template.tells_of_event());
        assert!(!Template::parse("{subject}").unwrap().tells_of_event());
    }

    #[test]
    fn faults_are_named_with_their_place() {
        let unknown = |name: &str, position| TemplateError::Unknown { name: name.into(), position };
        let cases = [
            ("ñ {subjekt}", unknown("subjekt", 3)),
            ("{}", unknown("", 1)),
            ("{ host }", unknown(" host ", 1)),
            ("a {host", TemplateError::Unclosed { position: 3 }),
            ("{a{host}", TemplateError::Unclosed { position: 1 }),
            ("a } b", TemplateError::Unopened { position: 3 }),
        ];
        for (text, error) in cases {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
        assert_eq!(
            unknown("subjekt", 3).to_string(),
            "unknown placeholder {subjekt} at character 3; known are {from} {subject} {date} {body} \
             {source} {kind} {severity} {host} {check} {problem_id} {summary}"
        );
    }
}
