//! What is said.

use super::section;
use super::trial;
use crate::web::form::Kind::{Number, Pairs, Template, Text};

section! {
    TEXTS: Named "texts" ["texts"] Saying Texts;
    "Templates", "Plantillas";
    "What an SMS and a call say in one language, where the built-in text does not suit. Words in braces are filled in: {from} {subject} {date} {body} {source} {kind} {severity} {host} {check} {problem_id} {summary}.", "Lo que dicen un SMS y una llamada en un idioma, si el texto incluido no conviene. Las palabras entre llaves se rellenan: {from} {subject} {date} {body} {source} {kind} {severity} {host} {check} {problem_id} {summary}.";
    "sms" Template, ""; "SMS", "SMS"; "Such as {severity}: {summary} on {host} ({date}). Empty: the built-in text.", "Como {severity}: {summary} en {host} ({date}). Vacío: el texto incluido.";
    "call" Template, ""; "Call", "Llamada"; "Such as {severity}. {summary} on {host}. Empty: the built-in text.", "Como {severity}. {summary} en {host}. Vacío: el texto incluido.";
}

section! {
    SPEECH: One "speech" ["speech"] Saying Voices;
    "Voices", "Voces";
    "The voices of calls.", "Las voces de las llamadas.";
    "voice" Pairs, ""; "Voice of each language", "Voz de cada idioma"; "One in each line: en = en_US-joe-medium, or espeak-ng. Else the first installed voice that speaks the language.", "Una en cada línea: es = es_ES-davefx-medium, o espeak-ng. Si no, la primera voz instalada que hable el idioma.";
    "rate" Number, "100"; "Rate in percent", "Ritmo en tanto por ciento"; "50 to 200.", "De 50 a 200.";
    "threads" Number, "2"; "Threads", "Hilos"; "1 to 8 share the work on one sentence.", "De 1 a 8 se reparten el trabajo de una frase.";
    "unload_after" Text, "2 min"; "A voice leaves the memory after", "Una voz deja la memoria tras"; "When it was not used for this long.", "Cuando no se ha usado en este tiempo.";
    "cache" Number, "64 MiB"; "Speech that is kept", "Voz que se guarda"; "For its next use, on disk; 0 B keeps none.", "Para el próximo uso, en disco; 0 B no guarda nada.";
    "voices" Text, ""; "Folder of voices", "Carpeta de voces"; "Empty: voices in the store.", "Vacía: voices en el almacén.";
}

section! {
    LEXICON: Named "lexicon" ["speech" "lexicon"] Saying;
    "Pronunciation", "Pronunciación";
    "What words are said as, by language: whole words, in any case.", "Cómo se dicen las palabras, por idioma: palabras enteras, en mayúsculas o minúsculas.";
    "" Pairs, ""; "Words", "Palabras"; "One in each line: nginx = engine x.", "Una en cada línea: nginx = enyin equis.";
}
