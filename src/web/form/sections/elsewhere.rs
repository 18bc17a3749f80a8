//! What has pages of its own in the browser, and no form here: the command line knows it by its keys.

use super::section;
use super::trial;
use crate::web::form::Kind::{Lines, Text};

section! {
    PERSON: Listed "person" ["person"] Telling;
    "People", "Personas";
    "Who is told.", "A quién se avisa.";
    "name" Text, ""; "Name", "Nombre"; "Short: letters, digits, dots and dashes.", "Corto: letras, cifras, puntos y guiones.";
    "mail" Text, ""; "Mail address", "Dirección de correo"; "", "";
    "phone" Text, ""; "Telephone", "Teléfono"; "With its country's code: +34 600 000 001.", "Con el código del país: +34 600 000 001.";
    "extension" Text, ""; "Extension", "Extensión"; "Her telephone on the exchange.", "Su teléfono en la centralita.";
    "language" Text, ""; "Language", "Idioma"; "Empty: the appliance's.", "Vacío: el del aparato.";
    "voice" Text, ""; "Voice", "Voz"; "An installed one.", "Una instalada.";
    "groups" Lines, ""; "Groups", "Grupos"; "", "";
}

section! {
    CHANNELS: One "channels" ["channels"] Telling;
    "Channels", "Canales";
    "Which begins first.", "Cuál empieza primero.";
    "order" Lines, ""; "Order", "Orden"; "mail, sms, voip, gsm, sip-message: those not named come last.", "mail, sms, voip, gsm, sip-message: los no nombrados van al final.";
}
