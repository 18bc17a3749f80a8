//! What a call itself says, around the alert.

use crate::config::Language;

/// The call's own words in one language.
#[derive(Debug)]
pub(in super::super) struct Talk {
    /// Before the appliance's name.
    pub greeting: &'static str,
    /// Before and after the key.
    pub accept: [&'static str; 2],
    pub again: &'static str,
    pub thanks: &'static str,
    pub wrong_key: &'static str,
    /// When there is nothing that can be said.
    pub empty: &'static str,
    /// When the mail has more than is said.
    pub mail_goes_on: &'static str,
    /// When a text has more than is said.
    pub text_goes_on: &'static str,
    /// "alerts", after their number.
    pub alerts: &'static str,
    pub gravest: &'static str,
    pub then: &'static str,
    /// Before and after the number of those that are not said.
    pub and_more: [&'static str; 2],
    pub digits: [&'static str; 10],
    pub star: &'static str,
    pub hash: &'static str,
}

impl Talk {
    /// The word on a key of the telephone.
    pub(in super::super) fn key(&self, key: char) -> &'static str {
        match key {
            '*' => self.star,
            '#' => self.hash,
            _ => {
                let digit = key.to_digit(10).and_then(|digit| usize::try_from(digit).ok());
                digit.and_then(|digit| self.digits.get(digit)).copied().unwrap_or_default()
            }
        }
    }
}

/// The words of a language, or the English ones.
pub(in super::super) fn talk(language: &Language) -> &'static Talk {
    match language.primary() {
        "ca" => &CATALAN,
        "de" => &GERMAN,
        "es" => &SPANISH,
        "fr" => &FRENCH,
        "it" => &ITALIAN,
        "pt" => &PORTUGUESE,
        _ => &ENGLISH,
    }
}

const ENGLISH: Talk = Talk {
    greeting: "This is",
    accept: ["Press", "to accept."],
    again: "Press star to hear it again.",
    thanks: "Thank you. The alert is accepted.",
    wrong_key: "That was the wrong key.",
    empty: "An alert without a text.",
    mail_goes_on: "The mail says more.",
    text_goes_on: "The text goes on.",
    alerts: "alerts",
    gravest: "The gravest",
    then: "Then",
    and_more: ["And", " more."],
    digits: ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    star: "star",
    hash: "hash",
};

const SPANISH: Talk = Talk {
    greeting: "Aquí",
    accept: ["Pulse", "para aceptar."],
    again: "Pulse asterisco para oírla otra vez.",
    thanks: "Gracias. La alerta está aceptada.",
    wrong_key: "Esa no era la tecla.",
    empty: "Una alerta sin texto.",
    mail_goes_on: "El correo dice más.",
    text_goes_on: "El texto sigue.",
    alerts: "alertas",
    gravest: "La más grave",
    then: "Después",
    and_more: ["Y", " más."],
    digits: ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
    star: "asterisco",
    hash: "almohadilla",
};

const GERMAN: Talk = Talk {
    greeting: "Hier ist",
    accept: ["Drücken Sie", "zum Annehmen."],
    again: "Drücken Sie Stern, um es noch einmal zu hören.",
    thanks: "Danke. Der Alarm ist angenommen.",
    wrong_key: "Das war die falsche Taste.",
    empty: "Ein Alarm ohne Text.",
    mail_goes_on: "In der Mail steht mehr.",
    text_goes_on: "Der Text geht weiter.",
    alerts: "Alarme",
    gravest: "Der schwerste",
    then: "Dann",
    and_more: ["Und", " weitere."],
    digits: ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
    star: "Stern",
    hash: "Raute",
};

const FRENCH: Talk = Talk {
    greeting: "Ici",
    accept: ["Appuyez sur", "pour accepter."],
    again: "Appuyez sur étoile pour réécouter.",
    thanks: "Merci. L'alerte est acceptée.",
    wrong_key: "Ce n'était pas la bonne touche.",
    empty: "Une alerte sans texte.",
    mail_goes_on: "Le mail en dit plus.",
    text_goes_on: "Le texte continue.",
    alerts: "alertes",
    gravest: "La plus grave",
    then: "Ensuite",
    and_more: ["Et", " de plus."],
    digits: ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
    star: "étoile",
    hash: "dièse",
};

const ITALIAN: Talk = Talk {
    greeting: "Qui",
    accept: ["Premere", "per accettare."],
    again: "Premere asterisco per riascoltare.",
    thanks: "Grazie. L'allarme è accettato.",
    wrong_key: "Il tasto era sbagliato.",
    empty: "Un allarme senza testo.",
    mail_goes_on: "La mail dice di più.",
    text_goes_on: "Il testo continua.",
    alerts: "allarmi",
    gravest: "Il più grave",
    then: "Poi",
    and_more: ["E altri", "."],
    digits: ["zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"],
    star: "asterisco",
    hash: "cancelletto",
};

const PORTUGUESE: Talk = Talk {
    greeting: "Aqui",
    accept: ["Pressione", "para aceitar."],
    again: "Pressione asterisco para ouvir de novo.",
    thanks: "Obrigado. O alerta está confirmado.",
    wrong_key: "Essa não era a tecla.",
    empty: "Um alerta sem texto.",
    mail_goes_on: "O e-mail diz mais.",
    text_goes_on: "O texto continua.",
    alerts: "alertas",
    gravest: "O mais grave",
    then: "Depois",
    and_more: ["E mais", "."],
    digits: ["zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"],
    star: "asterisco",
    hash: "cardinal",
};

const CATALAN: Talk = Talk {
    greeting: "Aquí",
    accept: ["Premeu", "per acceptar."],
    again: "Premeu asterisc per tornar-la a sentir.",
    thanks: "Gràcies. L'alerta està acceptada.",
    wrong_key: "Aquesta no era la tecla.",
    empty: "Una alerta sense text.",
    mail_goes_on: "El correu diu més.",
    text_goes_on: "El text continua.",
    alerts: "alertes",
    gravest: "La més greu",
    then: "Després",
    and_more: ["I", " més."],
    digits: ["zero", "u", "dos", "tres", "quatre", "cinc", "sis", "set", "vuit", "nou"],
    star: "asterisc",
    hash: "coixinet",
};
