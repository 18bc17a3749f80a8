//! How mail comes in, what is not told, and what is kept.

use super::section;
use super::trial;
use crate::web::form::Kind::{Choice, Lines, Number, Secret, Text, YesNo};

section! {
    SMTP: One "smtp" ["smtp"] Receiving;
    "Mail reception", "Recepción de correo";
    "Who may send, and how much.", "Quién puede enviar, y cuánto.";
    "domains" Lines, ""; "Domains", "Dominios"; "One in each line: their addresses are looked up among people and groups. Empty: every domain.", "Uno en cada línea: sus direcciones se buscan entre personas y grupos. Vacío: todos los dominios.";
    "allow" Lines, ""; "Clients that may connect", "Clientes que pueden conectarse"; "One network or address in each line; private is all private networks. Empty: private.", "Una red o dirección en cada línea; private son todas las redes privadas. Vacío: private.";
    "certificate" Text, ""; "Certificate", "Certificado"; "PEM file with its chain. Empty: a self-signed one.", "Archivo PEM con su cadena. Vacío: uno autofirmado.";
    "key" Text, ""; "Its key", "Su clave"; "PEM file: both or neither.", "Archivo PEM: los dos o ninguno.";
    "auth_without_tls" YesNo, "false"; "Login without TLS", "Entrar sin TLS"; "The password can then be read on the wire.", "La contraseña se puede leer entonces en el cable.";
    "vrfy" YesNo, "false"; "Answer VRFY and EXPN", "Contestar VRFY y EXPN"; "With people and groups.", "Con personas y grupos.";
    "max_message" Number, "4 MiB"; "Largest mail", "Correo más grande"; "64 KiB to 64 MiB.", "De 64 KiB a 64 MiB.";
    "max_line" Number, "4 KiB"; "Longest command", "Orden más larga"; "512 B to 4 KiB.", "De 512 B a 4 KiB.";
    "max_recipients" Number, "100"; "Most recipients of one mail", "Máximo de destinatarios de un correo"; "1 to 10000.", "De 1 a 10000.";
    "max_connections" Number, "1000"; "Most connections", "Máximo de conexiones"; "1 to 100000.", "De 1 a 100000.";
    "max_connections_per_client" Number, "100"; "Most connections from one address", "Máximo de conexiones de una dirección"; "", "";
    "max_messages_per_minute" Number, "60000"; "Most mails a minute from one address", "Máximo de correos por minuto de una dirección"; "0: no limit.", "0: sin límite.";
    "idle_timeout" Text, "5 min"; "Longest silence of a client", "Silencio más largo de un cliente"; "", "";
    "session_timeout" Text, "1 h"; "Longest session", "Sesión más larga"; "", "";
}

section! {
    LISTENERS: Listed "listener" ["smtp" "listener"] Receiving;
    "Ports for mail", "Puertos de correo";
    "Where it listens. Without any: port 25 on every address.", "Dónde escucha. Sin ninguno: el puerto 25 en todas las direcciones.";
    "address" Text, ""; "Address and port", "Dirección y puerto"; "0.0.0.0:25, or [::]:25 for IPv6.", "0.0.0.0:25, o [::]:25 para IPv6.";
    "tls" Choice(&["starttls", "implicit", "off"]), "starttls"; "Encryption", "Cifrado"; "starttls: when the client asks for it. implicit: from the first byte (port 465).", "starttls: cuando el cliente lo pide. implicit: desde el primer byte (puerto 465).";
    "auth" Choice(&["optional", "required", "off"]), "optional"; "Login", "Entrada"; "optional: clients may log in, if there are any below. required: no mail without.", "optional: los clientes pueden entrar, si los hay. required: sin entrar no hay correo.";
}

section! {
    CLIENTS: Listed "smtp-user" ["smtp" "user"] Receiving;
    "Clients that log in", "Clientes que entran";
    "Name and password for monitoring systems that log in.", "Nombre y contraseña para sistemas de monitorización que entran.";
    "name" Text, ""; "Name", "Nombre"; "", "";
    "password" Secret, ""; "Password", "Contraseña"; "", "";
    "password_file" Text, ""; "File of the password", "Archivo de la contraseña"; "In place of the password: the path of a file that holds nothing else.", "En lugar de la contraseña: la ruta de un archivo que no contiene otra cosa.";
}

section! {
    FILTER: One "filter" ["filter"] Receiving;
    "Filter", "Filtro";
    "What is not told.", "De qué no se avisa.";
    "ignore" Lines, ""; "Subjects that are never told", "Asuntos de los que nunca se avisa"; "One in each line: to the letter, or a pattern between slashes that is found anywhere: /^Backup of .* succeeded/", "Uno en cada línea: a la letra, o un patrón entre barras que se busca en todo el asunto: /^Backup of .* succeeded/";
    "repeat_window" Text, "30 min"; "The same news is a repeat within", "La misma noticia es repetida durante"; "0 s tells every one. A recovery is no repeat of its problem.", "0 s avisa de todas. Una recuperación no repite su problema.";
    "capacity" Number, "1000"; "News that are remembered", "Noticias que se recuerdan"; "1 to 1000000.", "De 1 a 1000000.";
    "forget_after" Text, "3 h"; "All are forgotten after", "Se olvidan todas tras"; "This long without any mail.", "Este tiempo sin ningún correo.";
}

section! {
    QUEUE: One "queue" ["queue"] Receiving;
    "Queue and history", "Cola e historial";
    "What is kept.", "Qué se guarda.";
    "max_pending" Number, "10000"; "Most alerts that wait", "Máximo de alertas en espera"; "Beyond it clients are asked to come again.", "Por encima se pide a los clientes que vuelvan.";
    "keep_history" Text, "30 d"; "History is kept for", "El historial se guarda"; "", "";
    "max_history" Number, "100000"; "Most alerts in the history", "Máximo de alertas en el historial"; "The oldest make room.", "Las más antiguas dejan sitio.";
    "min_free_space" Number, "16 MiB"; "Disk that must stay free", "Disco que debe quedar libre"; "For a mail to be accepted.", "Para que se acepte un correo.";
}
