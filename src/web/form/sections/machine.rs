//! The program and its machine.

use super::section;
use super::trial;
use crate::web::form::Kind::{Lines, Number, Secret, Text, YesNo};

section! {
    APPLIANCE: One "appliance" ["appliance"] Machine;
    "Appliance", "Aparato";
    "What it is called and where it keeps its things.", "Cómo se llama y dónde guarda sus cosas.";
    "name" Text, ""; "Name", "Nombre"; "In the SMTP greeting and in its mails. Empty: the host name.", "En el saludo SMTP y en sus correos. Vacío: el nombre del equipo.";
    "language" Text, "en"; "Language", "Idioma"; "Of people who have none of their own, by its tag: en, es, es-GT.", "De quien no tiene uno propio, por su etiqueta: en, es, es-GT.";
    "store" Text, "/var/lib/smtp-appliance"; "Store", "Almacén"; "Folder of queue, history, voices. It is used from the next start on.", "Carpeta de la cola, el historial, las voces. Se usa desde el próximo inicio.";
}

section! {
    WEB: One "web" ["web"] Machine;
    "Administration", "Administración";
    "These pages, the API and the metrics.", "Estas páginas, la API y las métricas.";
    "enabled" YesNo, "true"; "On", "Activa"; "Off: these pages are gone, and only the file brings them back.", "Inactiva: estas páginas desaparecen, y solo el archivo las devuelve.";
    "listen" Text, "0.0.0.0:8443"; "Address and port", "Dirección y puerto"; "", "";
    "https" YesNo, "true"; "HTTPS", "HTTPS"; "Off only behind a trusted proxy.", "Inactivo solo detrás de un proxy de confianza.";
    "certificate" Text, ""; "Certificate", "Certificado"; "PEM file with its chain. Empty: that of the mail reception.", "Archivo PEM con su cadena. Vacío: el de la recepción de correo.";
    "key" Text, ""; "Its key", "Su clave"; "PEM file: both or neither.", "Archivo PEM: los dos o ninguno.";
    "allow" Lines, ""; "Clients that may connect", "Clientes que pueden conectarse"; "One network or address in each line; private is all private networks. Empty: private.", "Una red o dirección en cada línea; private son todas las redes privadas. Vacío: private.";
    "max_connections" Number, "64"; "Most connections", "Máximo de conexiones"; "4 to 1000.", "De 4 a 1000.";
    "max_upload" Number, "4 MiB"; "Largest upload", "Archivo más grande"; "64 KiB to 64 MiB.", "De 64 KiB a 64 MiB.";
    "session_idle" Text, "1 h"; "A session ends after rest of", "Una sesión acaba tras un reposo de"; "", "";
    "session_length" Text, "12 h"; "A session ends after", "Una sesión acaba tras"; "", "";
    "open_metrics" YesNo, "false"; "Metrics without a token", "Métricas sin credencial"; "For whoever may connect.", "Para quien pueda conectarse.";
}

section! {
    SYSTEM: One "system" ["system"] Machine;
    "System", "Sistema";
    "Of the appliance's image only, at its next start.", "Solo de la imagen del aparato, en su próximo inicio.";
    "hostname" Text, ""; "Name of the machine", "Nombre del equipo"; "Without a domain.", "Sin dominio.";
    "timezone" Text, ""; "Time zone", "Zona horaria"; "Such as Europe/Madrid.", "Como Europe/Madrid.";
    "ssh_keys" Lines, ""; "SSH keys", "Claves SSH"; "One public key in each line. Without any nobody can log in.", "Una clave pública en cada línea. Sin ninguna nadie puede entrar.";
    "ntp" Lines, ""; "Time servers", "Servidores de hora"; "One in each line, besides those of the network.", "Uno en cada línea, además de los de la red.";
}

section! {
    NETWORK: One "network" ["network"] Machine;
    "Network", "Red";
    "The wire of the image: a fixed address. Empty: DHCP.", "El cable de la imagen: una dirección fija. Vacío: DHCP.";
    "address" Text, ""; "Address", "Dirección"; "With its length: 192.0.2.10/24.", "Con su longitud: 192.0.2.10/24.";
    "gateway" Text, ""; "Gateway", "Puerta de enlace"; "", "";
    "dns" Lines, ""; "Name servers", "Servidores de nombres"; "One in each line.", "Uno en cada línea.";
}

section! {
    WIFI: Optional "wifi" ["wifi"] Machine;
    "Wi-Fi", "Wifi";
    "Of the image.", "De la imagen.";
    "ssid" Text, ""; "Network", "Red"; "", "";
    "password" Secret, ""; "Password", "Contraseña"; "Without one it is an open network.", "Sin ella es una red abierta.";
    "password_file" Text, ""; "File of the password", "Archivo de la contraseña"; "In place of the password: the path of a file that holds nothing else.", "En lugar de la contraseña: la ruta de un archivo que no contiene otra cosa.";
    "country" Text, ""; "Country", "País"; "Two letters: which channels may be used there.", "Dos letras: qué canales se pueden usar allí.";
    "address" Text, ""; "Address", "Dirección"; "With its length. Empty: DHCP.", "Con su longitud. Vacía: DHCP.";
    "gateway" Text, ""; "Gateway", "Puerta de enlace"; "", "";
    "dns" Lines, ""; "Name servers", "Servidores de nombres"; "One in each line.", "Uno en cada línea.";
}

section! {
    WIREGUARD: Optional "wireguard" ["wireguard"] Machine;
    "Tunnel (WireGuard)", "Túnel (WireGuard)";
    "To another site, on the image.", "A otra sede, en la imagen.";
    "private_key" Secret, ""; "Private key", "Clave privada"; "", "";
    "private_key_file" Text, ""; "File of the private key", "Archivo de la clave privada"; "In place of the key: the path of a file that holds nothing else.", "En lugar de la clave: la ruta de un archivo que no contiene otra cosa.";
    "address" Text, ""; "Address of this end", "Dirección de este extremo"; "10.9.0.2/32", "10.9.0.2/32";
    "peer" Text, ""; "Public key of the other end", "Clave pública del otro extremo"; "", "";
    "endpoint" Text, ""; "The other end", "El otro extremo"; "vpn.example.org:51820", "vpn.example.org:51820";
    "allowed" Lines, ""; "What is reached through it", "Lo que se alcanza por él"; "One network in each line.", "Una red en cada línea.";
}
