//! The sections, one table for each chapter.

mod elsewhere;
mod machine;
mod receiving;
mod saying;
mod telephones;
mod telling;

use super::Section;

/// name: shape, word, keys, chapter, trial; title; help; then for each key: kind, default; label;
/// help. English and Spanish stand side by side.
macro_rules! section {
    (
        $name:ident: $shape:ident $slug:literal [$($path:literal)*] $chapter:ident $($trial:ident)?;
        $title:literal, $titulo:literal;
        $help:literal, $ayuda:literal;
        $($key:literal $kind:expr, $default:literal; $label:literal, $rotulo:literal; $hint:literal, $pista:literal;)*
        $(retry $first:literal $max:literal $give_up:literal)?
    ) => {
        pub(super) const $name: $crate::web::form::Section = $crate::web::form::Section {
            slug: $slug,
            path: &[$($path),*],
            shape: $crate::web::form::Shape::$shape,
            chapter: $crate::web::form::Chapter::$chapter,
            title: ($title, $titulo),
            help: ($help, $ayuda),
            fields: &[
                $($crate::web::form::Field {
                    key: $key, kind: $kind, default: $default, label: ($label, $rotulo), help: ($hint, $pista),
                },)*
                $(
                    $crate::web::form::Field {
                        key: "retry.first", kind: $crate::web::form::Kind::Text, default: $first,
                        label: ("First wait after a failure", "Primera espera tras un fallo"),
                        help: ("The waits grow from here by doubling.", "Las esperas crecen desde aquí al doble."),
                    },
                    $crate::web::form::Field {
                        key: "retry.max", kind: $crate::web::form::Kind::Text, default: $max,
                        label: ("Longest wait", "Espera más larga"),
                        help: ("Not shorter than the first.", "No más corta que la primera."),
                    },
                    $crate::web::form::Field {
                        key: "retry.give_up", kind: $crate::web::form::Kind::Text, default: $give_up,
                        label: ("Given up after", "Se abandona tras"),
                        help: ("After trying for this long it counts as failed.", "Tras intentarlo este tiempo se da por fallido."),
                    },
                )?
            ],
            trial: trial!($($trial)?),
        };
    };
}

macro_rules! trial {
    () => {
        None
    };
    ($trial:ident) => {
        Some($crate::web::form::Trial::$trial)
    };
}

use {section, trial};

/// All of them, in the order in which they are shown.
pub(super) const ALL: &[&Section] = &[
    &telling::MAIL,
    &telling::SMS,
    &telling::CALL,
    &telling::VOIP,
    &telling::GSM,
    &telling::SIP_MESSAGE,
    &telling::ALIASES,
    &telephones::MODEM,
    &telephones::ACCOUNTS,
    &telephones::SIP,
    &telephones::AUDIO,
    &telephones::BOARD,
    &saying::TEXTS,
    &saying::SPEECH,
    &saying::LEXICON,
    &receiving::SMTP,
    &receiving::LISTENERS,
    &receiving::CLIENTS,
    &receiving::FILTER,
    &receiving::QUEUE,
    &machine::APPLIANCE,
    &machine::WEB,
    &machine::SYSTEM,
    &machine::NETWORK,
    &machine::WIFI,
    &machine::WIREGUARD,
];

/// Those that have no form.
pub(super) const ELSEWHERE: &[&Section] = &[&elsewhere::PERSON, &elsewhere::CHANNELS];

#[cfg(test)]
mod tests;
