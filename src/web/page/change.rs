//! How a change of the configuration is shown: the difference, what goes along with it, what is odd.

use maud::{Markup, html};

use super::tell;
use crate::config::diff::Line;
use crate::config::edit::Edited;
use crate::config::mask;
use crate::web::change::{ChangeError, Done};
use crate::web::words::Words;

/// Lines that change.
pub(super) fn lines(lines: &[Line], words: &Words) -> Markup {
    html! {
        @if lines.is_empty() { p.quiet { (words.nothing_changes) } }
        @else {
            pre.diff tabindex="0" aria-label=(words.difference) {
                @for line in lines {
                    @match line {
                        Line::Same(text) => span.same { "  " (text) },
                        Line::Add(text) => span.add { "+ " (text) },
                        Line::Del(text) => span.del { "- " (text) },
                        Line::Gap => span.same { "  …" },
                    }
                }
            }
        }
    }
}

/// What a change would do.
pub(super) fn difference(before: &str, edited: &Edited, words: &Words) -> Markup {
    let changed = mask::differing(before, &edited.text);
    html! {
        (lines(&changed, words))
        @for note in &edited.notes { p.quiet { (note) } }
        @for warning in &edited.loaded.warnings { p.error { (warning) } }
    }
}

/// What a change did.
pub(super) fn done(done: &Done, words: &Words) -> Markup {
    html! {
        (tell(true, if done.lines.is_empty() { words.nothing_changes } else { words.changed }))
        @for note in &done.notes { p.quiet { (note) } }
        @for warning in &done.warnings { p.error { (warning) } }
        @if !done.lines.is_empty() {
            details.card { summary { (words.difference) } (lines(&done.lines, words)) }
        }
    }
}

/// Why there was none.
pub(super) fn fault(error: &ChangeError) -> Markup {
    html! { pre.error role="alert" { (error) } }
}
