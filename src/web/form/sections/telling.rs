//! The ways to tell people.

use super::section;
use super::trial;
use crate::web::form::Kind::{Choice, Lists, Number, Secret, Text, YesNo};

section! {
    MAIL: One "mail" ["mail"] Telling Relay;
    "Mail relay", "Servidor de correo saliente";
    "Mail goes out through the relay of your organisation or of a provider.", "El correo sale por el servidor de su organización o de un proveedor.";
    "enabled" YesNo, "true"; "Tell people by mail", "Avisar por correo"; "", "";
    "relay" Text, ""; "Relay", "Servidor"; "Host name, such as smtp.example.org. Without one no mail goes out.", "Nombre, como smtp.example.org. Sin él no sale correo.";
    "port" Number, "587"; "Port", "Puerto"; "587 as a rule, 465 with encryption from the first byte.", "587 por lo general, 465 con cifrado desde el primer byte.";
    "tls" Choice(&["starttls", "implicit", "off"]), "starttls"; "Encryption", "Cifrado"; "starttls: after the greeting, and not without. implicit: from the first byte. off: never; only on a trusted wire.", "starttls: tras el saludo, y no sin él. implicit: desde el primer byte. off: nunca; solo en un cable de confianza.";
    "from" Text, ""; "Sender", "Remitente"; "The address its mails are sent from; needed with a relay.", "La dirección desde la que salen sus correos; necesaria con un servidor.";
    "user" Text, ""; "User", "Usuario"; "If the relay wants a login.", "Si el servidor pide entrar.";
    "password" Secret, ""; "Password", "Contraseña"; "", "";
    "password_file" Text, ""; "File of the password", "Archivo de la contraseña"; "In place of the password: the path of a file that holds nothing else.", "En lugar de la contraseña: la ruta de un archivo que no contiene otra cosa.";
    "ca" Text, ""; "Authority", "Autoridad"; "PEM file of the authority that signed its certificate. Empty: those the system trusts.", "Archivo PEM de la autoridad que firmó su certificado. Vacío: las del sistema.";
    "timeout" Text, "30 s"; "Longest wait in one step", "Espera más larga en cada paso"; "", "";
    retry "5 s" "10 min" "1 d"
}

section! {
    SMS: One "sms" ["sms"] Telling;
    "SMS", "SMS";
    "Texts through the GSM module.", "Textos por el módulo GSM.";
    "enabled" YesNo, "true"; "Tell people by SMS", "Avisar por SMS"; "", "";
    "full_text" YesNo, "false"; "The full text", "El texto completo"; "In as many SMS as it takes; else the first one only.", "En los SMS que hagan falta; si no, solo el primero.";
    "max_parts" Number, "10"; "Most SMS for one text", "Máximo de SMS por texto"; "1 to 255; the rest is cut off.", "De 1 a 255; el resto se corta.";
    "delivery_report" YesNo, "true"; "Ask for delivery reports", "Pedir confirmación de entrega"; "The network reports when it has reached the telephone.", "La red avisa cuando ha llegado al teléfono.";
    "digest_from" Number, "10"; "One SMS for many alerts, from", "Un SMS para muchas alertas, desde"; "From this many alerts waiting for one person on. 0: never.", "Desde este número de alertas en espera para una persona. 0: nunca.";
    retry "5 s" "5 min" "6 h"
}

section! {
    CALL: One "call" ["call"] Telling;
    "Calls", "Llamadas";
    "What calls of every kind have in common.", "Lo que tienen en común las llamadas de toda clase.";
    "ring_time" Text, "24500 ms"; "How long it may ring", "Cuánto puede sonar"; "", "";
    "max_length" Text, "3 min"; "Longest call", "Llamada más larga"; "From the answer on.", "Desde que se contesta.";
    "lead_in" Text, "300 ms"; "Silence before the first word", "Silencio antes de la primera palabra"; "The telephone is on its way to the ear.", "El teléfono va camino del oído.";
    "times" Number, "3"; "How often the message is said", "Cuántas veces se dice el mensaje"; "1 to 20.", "De 1 a 20.";
    "key_wait" Text, "3 s"; "Wait for a key", "Espera de una tecla"; "After each time.", "Después de cada vez.";
    "unacknowledged" Choice(&["retry", "next", "told"]), "retry"; "Answered without the key", "Contestada sin la tecla"; "retry: the person is called again. next: the next kind of call takes its turn. told: it counts as told.", "retry: se vuelve a llamar. next: es el turno de la clase de llamada siguiente. told: cuenta como avisada.";
    "recoveries" YesNo, "false"; "Call for good news too", "Llamar también por buenas noticias"; "Recoveries, acknowledgements, downtimes.", "Recuperaciones, aceptaciones, paradas previstas.";
    "digest_from" Number, "2"; "One call for many alerts, from", "Una llamada para muchas alertas, desde"; "From this many alerts waiting for one person on. 0: never.", "Desde este número de alertas en espera para una persona. 0: nunca.";
}

section! {
    VOIP: One "voip" ["voip"] Telling Sip;
    "Calls by SIP", "Llamadas por SIP";
    "Through the company's telephone exchange or a provider's trunk.", "Por la centralita de la empresa o la línea de un proveedor.";
    "enabled" YesNo, "true"; "Call people by SIP", "Llamar por SIP"; "Without an account it stays off.", "Sin una cuenta sigue inactivo.";
    "lead_out" Text, "2 s"; "Silence after the last word", "Silencio tras la última palabra"; "Before it hangs up.", "Antes de colgar.";
    retry "30 s" "10 min" "3 h"
}

section! {
    GSM: One "gsm" ["gsm"] Telling Modem;
    "Calls by GSM", "Llamadas por GSM";
    "Through the GSM module and the sound card.", "Por el módulo GSM y la tarjeta de sonido.";
    "enabled" YesNo, "true"; "Call people by GSM", "Llamar por GSM"; "", "";
    retry "30 s" "10 min" "3 h"
}

section! {
    SIP_MESSAGE: One "sip-message" ["sip-message"] Telling Sip;
    "Texts by SIP", "Textos por SIP";
    "On the telephones of the exchange, to people who have an extension.", "En los teléfonos de la centralita, a quien tiene una extensión.";
    "enabled" YesNo, "false"; "Send texts by SIP", "Enviar textos por SIP"; "", "";
    retry "5 s" "5 min" "6 h"
}

section! {
    ALIASES: One "aliases" ["aliases"] Telling;
    "Aliases", "Alias";
    "More addresses and names for people and groups.", "Más direcciones y nombres para personas y grupos.";
    "" Lists, ""; "Aliases", "Alias"; "One in each line: root = ana, ben. With a domain (alerts@example.org) it goes before everything else.", "Uno en cada línea: root = ana, ben. Con dominio (alerts@example.org) va antes que todo lo demás.";
}
