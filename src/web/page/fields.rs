//! The fields of a form, as their description has them.

use maud::{Markup, html};

use crate::web::form::{Beside, Field, Kind, Section, Typed, Value, said};
use crate::web::words::Words;

/// Lines of a field with several.
const LINES: usize = 4;

/// All fields of a section. `now` is what the file says, `typed` what somebody would like.
pub(super) fn fields(
    section: &Section,
    now: &[Value],
    typed: &[Typed],
    beside: &Beside,
    words: &Words,
) -> Markup {
    html! {
        @for (at, field) in section.fields.iter().enumerate() {
            @let faults = beside.fields.get(at).map(Vec::as_slice).unwrap_or_default();
            @let value = now.get(at).cloned().unwrap_or_default();
            @let typed = typed.get(at).cloned().unwrap_or_default();
            (one(field, &value, &typed, faults, words))
        }
    }
}

fn one(field: &Field, now: &Value, typed: &Typed, faults: &[String], words: &Words) -> Markup {
    let id = field.id();
    let (help, wrong) = (format!("h-{id}"), format!("e-{id}"));
    let hint = said(field.help, words);
    let described = format!("{help} {wrong}");
    let invalid = (!faults.is_empty()).then_some("true");
    html! {
        div.field {
            label for={ "f-" (id) } { (said(field.label, words)) }
            @match field.kind {
                Kind::YesNo => {
                    (choice(field, &id, &typed.text, &described, invalid, words,
                        &[("true", words.yes), ("false", words.no)]))
                },
                Kind::Choice(all) => {
                    @let all: Vec<(&str, &str)> = all.iter().map(|word| (*word, *word)).collect();
                    (choice(field, &id, &typed.text, &described, invalid, words, &all))
                },
                Kind::Lines | Kind::Numbers | Kind::Pairs | Kind::Lists | Kind::Template => {
                    @let rows = typed.text.lines().count().clamp(LINES - 1, 4 * LINES) + 1;
                    textarea.short id={ "f-" (id) } name={ "v." (field.key) } rows=(rows)
                        spellcheck="false" autocomplete="off" aria-describedby=(described)
                        aria-invalid=[invalid] { "\n" (typed.text) }
                },
                Kind::Text | Kind::Number => {
                    input id={ "f-" (id) } name={ "v." (field.key) } value=(typed.text)
                        placeholder=(field.default) autocomplete="off" spellcheck="false"
                        aria-describedby=(described) aria-invalid=[invalid];
                },
                Kind::Secret => {
                    input id={ "f-" (id) } name={ "v." (field.key) } type="password"
                        autocomplete="new-password" aria-describedby=(described)
                        aria-invalid=[invalid];
                },
            }
            p.fault id=(wrong) { (faults.join("; ")) }
            p.hint id=(help) {
                (hint)
                @if field.kind == Kind::Secret {
                    " " (if now.is_set { words.secret_is_set } else { words.secret_is_not_set })
                } @else if !field.default.is_empty() { " " (words.when_empty) " " (field.default) "." }
            }
            @if field.kind == Kind::Secret && now.is_set {
                label.check {
                    input type="checkbox" name={ "forget." (field.key) } value="1" checked[typed.forget];
                    (words.take_out)
                }
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "they are the attributes of one element")]
fn choice(
    field: &Field,
    id: &str,
    typed: &str,
    described: &str,
    invalid: Option<&str>,
    words: &Words,
    all: &[(&str, &str)],
) -> Markup {
    let is_known = typed.is_empty() || all.iter().any(|(value, _)| *value == typed);
    let default = all.iter().find(|(value, _)| *value == field.default).map(|(_, word)| *word);
    html! {
        select id={ "f-" (id) } name={ "v." (field.key) } aria-describedby=(described) aria-invalid=[invalid] {
            option value="" { (words.by_default) @if let Some(word) = default { ": " (word) } }
            @for (value, word) in all { option value=(value) selected[*value == typed] { (word) } }
            @if !is_known { option value=(typed) selected { (typed) } }
        }
    }
}
