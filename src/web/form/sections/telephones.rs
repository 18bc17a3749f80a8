//! What it calls and writes with.

use super::section;
use super::trial;
use crate::web::form::Kind::{Choice, Lines, Number, Numbers, Secret, Text, YesNo};

section! {
    MODEM: Optional "modem" ["modem"] Telephones Modem;
    "GSM module", "Módulo GSM";
    "For SMS and calls. Without this section there is none.", "Para SMS y llamadas. Sin esta sección no hay ninguno.";
    "device" Text, ""; "Serial device", "Puerto serie"; "/dev/serial0 on a Raspberry Pi, /dev/ttyUSB0 for a stick.", "/dev/serial0 en una Raspberry Pi, /dev/ttyUSB0 en un adaptador USB.";
    "baud" Number, ""; "Line speed in baud", "Velocidad en baudios"; "Empty: found out by trying.", "Vacía: se averigua probando.";
    "pin" Secret, ""; "PIN of the SIM card", "PIN de la tarjeta SIM"; "4 to 8 digits, if it has one.", "De 4 a 8 cifras, si lo tiene.";
    "pin_file" Text, ""; "File of the PIN", "Archivo del PIN"; "In place of the PIN: the path of a file that holds nothing else.", "En lugar del PIN: la ruta de un archivo que no contiene otra cosa.";
    "model" Choice(&["sim900", "sim800", "sim7600"]), ""; "Family of the module", "Familia del módulo"; "Empty: found out by asking. sim7600 is A7670 too.", "Vacía: se averigua preguntando. sim7600 también es A7670.";
    "smsc" Text, ""; "Service centre", "Centro de servicio"; "Empty: the number on the SIM card.", "Vacío: el número de la tarjeta SIM.";
    "audio.channel" Number, ""; "Audio channel", "Canal de audio"; "0 is the main one, 1 the auxiliary one. Empty: as the module has it.", "0 es el principal, 1 el auxiliar. Vacío: como lo tenga el módulo.";
    "audio.microphone_gain" Number, ""; "Gain of its microphone input", "Ganancia de su entrada de micrófono"; "0 to 15.", "De 0 a 15.";
    "audio.volume" Number, ""; "Volume of its output", "Volumen de su salida"; "0 to 100.", "De 0 a 100.";
    "audio.echo_cancellation" YesNo, ""; "Take out echo", "Quitar el eco"; "", "";
    "balance.code" Text, ""; "Code for the balance", "Código del saldo"; "The operator's, such as *100#, for a prepaid card. Empty: nobody asks.", "El del operador, como *100#, para una tarjeta de prepago. Vacío: no se pregunta.";
    "balance.interval" Text, "1 d"; "How often it is asked for", "Cada cuánto se pregunta"; "1 h or more; only when nothing else is to be done.", "1 h o más; solo cuando no hay otra cosa que hacer.";
    "balance.warning" Number, ""; "Least balance", "Saldo mínimo"; "Less is told as a fault, such as 5.0.", "Menos se avisa como fallo, como 5.0.";
    "balance.pattern" Text, ""; "Where the amount stands", "Dónde está el importe"; "A regular expression; its first group is the amount. Empty: it is found.", "Una expresión regular; su primer grupo es el importe. Vacía: se encuentra.";
}

section! {
    ACCOUNTS: Listed "sip-account" ["sip" "account"] Telephones Sip;
    "SIP accounts", "Cuentas SIP";
    "An extension of the exchange or a trunk, 8 at most. The first one that works is used.", "Una extensión de la centralita o una línea, 8 como máximo. Se usa la primera que funciona.";
    "domain" Text, ""; "Domain", "Dominio"; "pbx.example.org or 192.0.2.1, without a port.", "pbx.example.org o 192.0.2.1, sin puerto.";
    "extension" Text, ""; "Its own extension", "Su propia extensión"; "The part before the @, such as 200.", "La parte antes de la @, como 200.";
    "password" Secret, ""; "Password", "Contraseña"; "", "";
    "password_file" Text, ""; "File of the password", "Archivo de la contraseña"; "In place of the password: the path of a file that holds nothing else.", "En lugar de la contraseña: la ruta de un archivo que no contiene otra cosa.";
    "user" Text, ""; "Name for the login", "Nombre para entrar"; "If it is not the extension.", "Si no es la extensión.";
    "display_name" Text, ""; "Name that is shown", "Nombre que se muestra"; "On the called telephone.", "En el teléfono llamado.";
    "proxy" Text, ""; "Proxy", "Proxy"; "Host, with its port if it has another than 5060, that all requests go to. Empty: the domain's own servers.", "Equipo, con su puerto si no es 5060, al que van todas las peticiones. Vacío: los servidores del dominio.";
    "register" YesNo, "true"; "Register", "Registrarse"; "Off for a trunk that knows this machine by its address.", "Inactivo para una línea que conoce este equipo por su dirección.";
    "expires" Text, "5 min"; "Length of a registration", "Duración de un registro"; "1 min to 1 d.", "De 1 min a 1 d.";
    "transport" Choice(&["udp", "tcp", "tls"]), "udp"; "Transport", "Transporte"; "", "";
    "ca" Text, ""; "Authority", "Autoridad"; "PEM file of the authority that signed the exchange's certificate, for tls.", "Archivo PEM de la autoridad que firmó el certificado de la centralita, para tls.";
    "srtp" Choice(&["off", "optional", "required"]), "off"; "Encrypt the sound", "Cifrar el sonido"; "Its keys travel in SIP: use tls with it.", "Sus claves viajan en SIP: úselo con tls.";
}

section! {
    SIP: One "sip" ["sip"] Telephones Sip;
    "SIP telephone", "Teléfono SIP";
    "What all accounts have in common.", "Lo que tienen en común todas las cuentas.";
    "listen" Text, "0.0.0.0:5060"; "Address and port", "Dirección y puerto"; "It speaks SIP from there; port 0 takes any free one.", "Desde ahí habla SIP; el puerto 0 toma uno libre.";
    "rtp_ports" Text, "16384-17383"; "UDP ports of the sound", "Puertos UDP del sonido"; "Two for each call.", "Dos por cada llamada.";
    "codecs" Lines, ""; "Codecs", "Códecs"; "One in each line, the best first: pcmu, pcma. Empty: both.", "Uno en cada línea, el mejor primero: pcmu, pcma. Vacío: los dos.";
    "silence" Choice(&["noise", "comfort-noise", "digital"]), "noise"; "Where nothing is said", "Donde no se dice nada"; "noise: a faint one, so that the line is heard to be alive. comfort-noise: a packet that describes it. digital: zeros.", "noise: uno leve, para que se oiga que la línea vive. comfort-noise: un paquete que lo describe. digital: ceros.";
    "max_calls" Number, "4"; "Most calls at a time", "Máximo de llamadas a la vez"; "1 to 50.", "De 1 a 50.";
}

section! {
    AUDIO: One "audio" ["audio"] Telephones;
    "Sound card", "Tarjeta de sonido";
    "Its output leads to the microphone input of the GSM module.", "Su salida va a la entrada de micrófono del módulo GSM.";
    "playback" Text, "default"; "Device that plays", "Dispositivo que reproduce"; "An ALSA name: see smtp-appliance audio devices.", "Un nombre de ALSA: vea smtp-appliance audio devices.";
    "capture" Text, "default"; "Device that records", "Dispositivo que graba"; "The way back from the module, for the test.", "La vuelta desde el módulo, para la prueba.";
    "level" Number, "70"; "Level in percent", "Nivel en tanto por ciento"; "1 to 100.", "De 1 a 100.";
}

section! {
    BOARD: Optional "board" ["board"] Telephones;
    "Lights and buttons", "Luces y botones";
    "The pins of a Raspberry Pi. Without this section no pin is touched. Pins are BCM numbers, 2 to 27, or off.", "Los pines de una Raspberry Pi. Sin esta sección no se toca ninguno. Los pines son números BCM, de 2 a 27, u off.";
    "kind" Choice(&["raspberry-pi", "simulated"]), "raspberry-pi"; "Board", "Placa"; "simulated: what the pins would do is logged.", "simulated: lo que harían los pines se anota.";
    "admin" Text, ""; "Whom the button calls", "A quién llama el botón"; "Empty: nobody.", "Vacío: a nadie.";
    "buzzer_after" Text, "10 min"; "The buzzer sounds after", "El zumbador suena tras"; "How long nobody may have acknowledged a critical alert.", "Cuánto puede estar sin aceptar una alerta crítica.";
    "led_health" Number, "5"; "Light: health", "Luz: salud"; "", "";
    "led_network" Number, "6"; "Light: network", "Luz: red"; "", "";
    "led_gsm" Number, "13"; "Light: GSM", "Luz: GSM"; "", "";
    "led_sip" Number, "19"; "Light: SIP", "Luz: SIP"; "", "";
    "led_alert" Number, "26"; "Light: alert", "Luz: alerta"; "", "";
    "led_fault" Number, "22"; "Light: fault", "Luz: fallo"; "", "";
    "buzzer" Number, "12"; "Buzzer", "Zumbador"; "", "";
    "button" Number, "17"; "Button", "Botón"; "", "";
    "pwrkey" Number, "23"; "PWRKEY of the module", "PWRKEY del módulo"; "", "";
    "reset" Number, "24"; "RESET of the module", "RESET del módulo"; "", "";
    "status" Number, "25"; "STATUS of the module", "STATUS del módulo"; "", "";
    "relays" Numbers, ""; "Relays", "Relés"; "One pin in each line.", "Un pin en cada línea.";
    "contacts" Numbers, ""; "Dry contacts", "Contactos secos"; "One pin in each line.", "Un pin en cada línea.";
}
