//! Every text of the pages, in each language side by side, so that none is forgotten.

mod table;

pub(super) use table::{EN, ES, Words};

/// The words for somebody: her choice, else what her browser would like, else English.
pub(super) fn choose(chosen: Option<&str>, accepted: &str) -> &'static Words {
    match chosen {
        Some("en") => return &EN,
        Some("es") => return &ES,
        Some(_) | None => {}
    }
    // In the order of the header; weights are in that order in every browser.
    let tags = accepted.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    let primary = tags.map(|tag| tag.split('-').next().unwrap_or_default());
    for tag in primary {
        match tag {
            "en" => return &EN,
            "es" => return &ES,
            _ => {}
        }
    }
    &EN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_goes_before_the_browser() {
        for (chosen, accepted, tag) in [
            (None, "", "en"),
            (None, "es-GT,es;q=0.9,en;q=0.8", "es"),
            (None, "de-DE,en;q=0.5", "en"),
            (None, "de, es", "es"),
            (Some("en"), "es", "en"),
            (Some("es"), "en", "es"),
            (Some("<b>"), "es", "es"),
        ] {
            assert_eq!(choose(chosen, accepted).tag, tag, "{chosen:?} {accepted}");
        }
    }

    #[test]
    fn no_text_is_missing() {
        let (en, es) = (format!("{EN:?}"), format!("{ES:?}"));
        assert!(!en.contains("\"\"") && !es.contains("\"\""));
    }
}
