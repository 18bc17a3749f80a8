//! The table: name, English, Spanish.

macro_rules! words {
    ($($name:ident: $en:literal, $es:literal;)*) => {
        /// The texts of one language.
        #[derive(Debug)]
        pub(in crate::web) struct Words { $(pub(in crate::web) $name: &'static str),* }

        pub(in crate::web) const EN: Words = Words { $($name: $en),* };
        pub(in crate::web) const ES: Words = Words { $($name: $es),* };
    };
}

words! {
    tag: "en", "es";
    this_language: "English", "Español";

    // Places.
    status: "Status", "Estado";
    alerts: "Alerts", "Alertas";
    statistics: "Statistics", "Estadísticas";
    people: "People", "Personas";
    try_mail: "Try a mail", "Probar un correo";
    settings: "Settings", "Ajustes";
    log: "Log", "Registro";
    access: "Access", "Acceso";
    audit: "Audit log", "Auditoría";
    backup: "Backup", "Copia de seguridad";
    my_account: "My account", "Mi cuenta";
    api: "API", "API";
    to_content: "Skip to content", "Ir al contenido";
    main_navigation: "Main navigation", "Navegación principal";

    // Logging in and out.
    log_in: "Log in", "Entrar";
    log_out: "Log out", "Salir";
    log_in_first: "Please log in first.", "Entre primero, por favor.";
    user: "User", "Usuario";
    user_name: "User name", "Nombre de usuario";
    password: "Password", "Contraseña";
    password_again: "Password again", "Contraseña otra vez";
    password_now: "Password so far", "Contraseña actual";
    password_new: "New password", "Contraseña nueva";
    password_hint: "At least 10 characters. A sentence is easy to remember and hard to guess.", "Al menos 10 caracteres. Una frase se recuerda bien y se adivina mal.";
    passwords_differ: "The two passwords differ.", "Las dos contraseñas son distintas.";
    password_short: "The password needs at least 10 characters.", "La contraseña necesita al menos 10 caracteres.";
    password_long: "The password is too long.", "La contraseña es demasiado larga.";
    password_common: "This password is one of the first that are tried.", "Esta contraseña es de las primeras que se prueban.";
    password_wrong: "The password so far is not right.", "La contraseña actual no es correcta.";
    password_changed: "The password is changed. Other sessions have ended.", "La contraseña ha cambiado. Las otras sesiones han terminado.";
    login_wrong: "User or password is wrong.", "El usuario o la contraseña no es correcto.";
    login_wait: "Too many tries. Wait, then try again. Seconds to wait:", "Demasiados intentos. Espere y pruebe otra vez. Segundos de espera:";
    login_busy: "Too many log in at this moment. Try again.", "Demasiados entran en este momento. Pruebe otra vez.";
    code: "Code of the second factor", "Código del segundo factor";
    code_hint: "Six digits, from the program on your telephone; or one of your recovery codes.", "Seis cifras, del programa de su teléfono; o uno de sus códigos de recuperación.";
    code_wrong: "The code is not right, or was used already.", "El código no es correcto o ya se usó.";
    continue_: "Continue", "Continuar";
    setup: "First start", "Primer inicio";
    setup_intro: "Nobody can log in yet. The set-up token shows that this appliance is yours: it stands on the console, in the journal, and in the file setup-token in the folder web of the store.", "Todavía nadie puede entrar. El código de instalación demuestra que este aparato es suyo: está en la consola, en el diario del sistema y en el archivo setup-token de la carpeta web del almacén.";
    setup_token: "Set-up token", "Código de instalación";
    setup_token_wrong: "This is not the set-up token.", "Este no es el código de instalación.";
    setup_done: "Create and log in", "Crear y entrar";
    user_name_wrong: "A user name has 1 to 32 letters, digits, '.', '_' or '-'.", "Un nombre de usuario tiene de 1 a 32 letras, cifras, '.', '_' o '-'.";

    // What can go wrong.
    problem: "That did not work", "No ha sido posible";
    not_allowed: "Your role does not allow this.", "Su rol no lo permite.";
    not_found: "There is nothing here.", "Aquí no hay nada.";
    form_not_ours: "This form was too old or came from another site. Nothing was changed. Go back, load the page again and repeat.", "Este formulario era demasiado antiguo o venía de otro sitio. No se cambió nada. Vuelva, cargue la página otra vez y repita.";
    form_not_understood: "The form was not understood.", "No se entendió el formulario.";
    too_large: "That is too large.", "Es demasiado grande.";
    store_failed: "The store cannot be read.", "No se puede leer el almacén.";

    // Preferences.
    language: "Language", "Idioma";
    theme: "Colours", "Colores";
    theme_auto: "as the device", "como el dispositivo";
    theme_light: "light", "claros";
    theme_dark: "dark", "oscuros";
    apply: "Apply", "Aplicar";
    preferences: "Language and colours", "Idioma y colores";

    // Status.
    would_wake: "It would wake you now", "Ahora le despertaría";
    would_not_wake: "It would not wake you now", "Ahora no le despertaría";
    mail_only: "Only a mail would go out now", "Ahora solo saldría un correo";
    part_power: "Power and program", "Alimentación y programa";
    part_configuration: "Configuration", "Configuración";
    part_receiver: "Mail reception", "Recepción de correo";
    part_store: "Store", "Almacén";
    part_network: "Network", "Red";
    part_gsm: "GSM module", "Módulo GSM";
    part_sip: "SIP telephone", "Teléfono SIP";
    part_relay: "Mail relay", "Servidor de correo saliente";
    part_speech: "Speech", "Voz";
    part_off: "off", "desactivado";
    part_ok: "well", "bien";
    part_degraded: "not as it should be", "no como debería";
    part_down: "does not work", "no funciona";
    wakes_with_faults: "It would wake you, with a fault", "Le despertaría, con un fallo";
    live: "live", "en vivo";
    not_live: "not live; load the page again", "sin conexión; cargue la página otra vez";
    in_progress: "In progress", "En curso";
    nothing_in_progress: "No alert is being told.", "No se está avisando de ninguna alerta.";
    newest: "Newest alerts", "Alertas más recientes";
    parts: "Parts", "Partes";
    queue: "Queue", "Cola";
    waiting: "waiting", "en espera";
    oldest_waits: "The oldest waits since", "La más antigua espera desde";
    of: "of", "de";
    disk: "Disk", "Disco";
    free: "free", "libre";
    reachable: "People", "Personas";
    reachable_none: "There is nobody to tell. Add a person.", "No hay a quién avisar. Añada una persona.";
    not_reachable: "No enabled channel reaches:", "Ningún canal activo llega a:";
    channels: "Channels", "Canales";
    no_channels: "No channel is on.", "No hay ningún canal activo.";
    no_outcome: "not used yet", "todavía sin usar";
    clock: "Clock", "Reloj";
    running_since: "Running for", "En marcha desde hace";
    version: "Version", "Versión";
    all_is_well: "All is well.", "Todo va bien.";
    see_all: "All alerts", "Todas las alertas";
    memory: "Memory", "Memoria";

    machine: "Machine", "Equipo";
    temperature: "Temperature", "Temperatura";
    operator: "Operator", "Operador";
    signal: "Signal", "Señal";
    balance: "Balance", "Saldo";
    operator_wrote: "The operator wrote", "El operador escribió";
    unknown: "unknown", "desconocido";
    none_known: "none", "ninguno";
    sip_off: "does not register", "no se registra";
    sip_trying: "is being registered", "se está registrando";
    sip_registered: "registered", "registrada";
    sip_failed: "not registered", "no registrada";
    registered_for: "Registered for", "Registrada desde hace";
    expires_in: "Good for another", "Válida todavía";
    next_try_in: "Tried again in", "Se reintenta en";
    transport: "Transport", "Transporte";
    round_trip: "Round trip", "Ida y vuelta";
    seen_as: "Seen as", "Vista como";
    last_error: "Last error", "Último error";
    lights: "Lights", "Luces";
    alarm: "Alarm", "Alarma";
    alarm_untold: "nobody could be told of it", "no se pudo avisar a nadie";
    alarm_unacknowledged: "nobody has acknowledged it for too long", "nadie la ha aceptado desde hace demasiado";
    alarm_silenced: "somebody has taken note; it is silent", "alguien ha tomado nota; está en silencio";
    silence: "Silence the buzzer", "Silenciar el zumbador";
    led_health: "Health", "Salud";
    led_fault: "Fault", "Fallo";
    dark: "dark", "apagada";
    lit: "lit", "encendida";
    blinks: "comes on", "se enciende";
    times_in_ten_seconds: "times in ten seconds", "veces en diez segundos";
    self_test: "Self-test", "Autodiagnóstico";
    run_self_test: "Run the self-test", "Hacer el autodiagnóstico";
    self_test_hint: "It asks every part what it can: ports, modem, sound, voices, SIP, relay, network, clock, disk. No mail, no SMS and no call goes out.", "Pregunta a cada parte lo que puede: puertos, módem, sonido, voces, SIP, servidor de correo, red, reloj, disco. No sale ningún correo, SMS ni llamada.";
    not_yet: "not yet", "todavía no";
    checks: "checks", "comprobaciones";
    warnings: "warnings", "avisos";
    failures: "failed", "fallidas";

    // Alerts.
    no_alerts: "There are no alerts.", "No hay alertas.";
    no_match: "No alert matches.", "Ninguna alerta coincide.";
    search: "Search", "Buscar";
    search_hint: "Words of subject, sender, host or text", "Palabras del asunto, remitente, equipo o texto";
    filter: "Filter", "Filtrar";
    any: "any", "cualquiera";
    state: "State", "Estado";
    severity: "Severity", "Gravedad";
    source: "Source", "Origen";
    host: "Host", "Equipo";
    check: "Check", "Comprobación";
    kind: "Kind", "Clase";
    received: "Received", "Recibida";
    subject: "Subject", "Asunto";
    from: "From", "De";
    number: "Number", "Número";
    older: "Older", "Más antiguas";
    searched_up_to: "Searched back to number", "Buscado hasta el número";
    search_on: "Search on", "Seguir buscando";
    state_waiting: "in progress", "en curso";
    state_told: "told", "avisada";
    state_partly: "partly told", "avisada en parte";
    state_failed: "failed", "fallida";
    state_dropped: "dropped", "descartada";
    sev_critical: "critical", "crítica";
    sev_error: "error", "error";
    sev_warning: "warning", "aviso";
    sev_info: "info", "información";
    sev_unknown: "unknown", "desconocida";
    no_subject: "(no subject)", "(sin asunto)";
    export: "Export", "Exportar";

    // One alert.
    alert: "Alert", "Alerta";
    timeline: "Timeline", "Cronología";
    understood: "Understood", "Entendida";
    filtered: "Filter", "Filtro";
    passed: "It is news: kept, and to be told", "Es nueva: guardada y por avisar";
    told_by: "by", "por";
    tries: "tries", "intentos";
    quality: "Quality of the call", "Calidad de la llamada";
    mail_as_received: "The mail as it came in", "El correo tal como llegó";
    mail_not_kept: "The mail of a dropped alert is not kept.", "El correo de una alerta descartada no se guarda.";
    download_mail: "Download the mail", "Descargar el correo";
    text: "Text", "Texto";
    who_is_told: "Who is told", "A quién se avisa";
    acknowledge: "Acknowledge", "Aceptar";
    stop: "Stop", "Detener";
    retry: "Try again", "Reintentar";
    stop_sure: "Stop telling this alert?", "¿Dejar de avisar de esta alerta?";
    nothing_to_retry: "Everybody has been told; nothing to retry.", "Se ha avisado a todos; no hay nada que reintentar.";
    problem_id: "Problem number", "Número del problema";
    summary: "Summary", "Resumen";
    client: "Client", "Cliente";
    recipients: "Recipients", "Destinatarios";
    identity: "Identity", "Identidad";
    reach_handed_over: "handed over", "entregado al operador";
    reach_delivered: "delivered", "entregado";
    reach_answered: "answered", "contestada";
    reach_acknowledged: "acknowledged", "aceptada";
    open: "open", "pendiente";
    failed: "failed", "fallido";
    spared: "not needed", "no hizo falta";
    will_retry: "Failed for now", "Falló por ahora";
    gave_up: "Failed for good", "Falló del todo";
    listen: "Listen", "Escuchar";
    what_was_said: "What a call says", "Lo que dice una llamada";
    said_anew: "Calls are not recorded: this is made anew of the alert's text, as a call to this person says it. The key that accepts is another in each call, so its sentence is left out. A call that tells several alerts says less of each.", "Las llamadas no se graban: esto se hace de nuevo con el texto de la alerta, como lo dice una llamada a esta persona. La tecla que acepta es otra en cada llamada; por eso falta su frase. Una llamada que avisa de varias alertas dice menos de cada una.";

    // Severities and kinds.
    mail_channel: "mail", "correo";
    sms_channel: "SMS", "SMS";
    voip_channel: "VoIP call", "llamada VoIP";
    gsm_channel: "GSM call", "llamada GSM";
    sip_message_channel: "SIP text", "texto SIP";

    // Accounts.
    change_password: "Change password", "Cambiar la contraseña";
    second_factor: "Second factor", "Segundo factor";
    factor_intro: "With a second factor a stolen password is not enough. Scan this with an authenticator program on your telephone, then type the code it shows.", "Con un segundo factor no basta una contraseña robada. Escanee esto con un programa de autenticación en su teléfono y escriba el código que muestra.";
    factor_on: "The second factor is on.", "El segundo factor está activo.";
    factor_is_on: "The second factor is on from now on. Log in again.", "Desde ahora el segundo factor está activo. Entre otra vez.";
    factor_is_off: "The second factor is off. Log in again.", "El segundo factor está desactivado. Entre otra vez.";
    turn_on: "Turn on", "Activar";
    turn_off: "Turn off", "Desactivar";
    qr_of_secret: "QR code of the second factor", "Código QR del segundo factor";
    recovery_codes: "Recovery codes", "Códigos de recuperación";
    recovery_intro: "Each is good once in place of the second factor, for the day your telephone is lost. Print them or write them down now: they are not shown again.", "Cada uno sirve una vez en lugar del segundo factor, para el día en que pierda el teléfono. Imprímalos o escríbalos ahora: no se vuelven a mostrar.";
    recovery_left: "Recovery codes that are left:", "Códigos de recuperación que quedan:";
    new_recovery: "Make new recovery codes", "Crear códigos de recuperación nuevos";
    or_type: "Or type this into it:", "O escriba esto en él:";
    users: "Users", "Usuarios";
    role: "Role", "Rol";
    role_viewer: "viewer: looks", "observador: mira";
    role_operator: "operator: also acknowledges, stops, retries, tests", "operador: además acepta, detiene, reintenta, prueba";
    role_admin: "admin: also changes everything", "administrador: además lo cambia todo";
    actions: "Actions", "Acciones";
    add_user: "Add a user", "Añadir un usuario";
    user_added: "The user is added.", "El usuario está añadido.";
    user_removed: "The user is removed.", "El usuario está eliminado.";
    user_exists: "There is already a user of this name.", "Ya hay un usuario con este nombre.";
    role_changed: "The role is changed.", "El rol ha cambiado.";
    last_admin: "This is the last one who may change things.", "Es el último que puede cambiar cosas.";
    too_many: "There are too many of them.", "Ya hay demasiados.";
    remove: "Remove", "Eliminar";
    remove_sure: "Remove it?", "¿Eliminarlo?";
    yes: "yes", "sí";
    no: "no", "no";
    tokens: "Tokens of programs", "Credenciales de programas";
    tokens_intro: "A program shows its token with each request: Authorization: Bearer TOKEN.", "Un programa muestra su credencial en cada petición: Authorization: Bearer CREDENCIAL.";
    no_tokens: "There are no tokens.", "No hay credenciales.";
    add_token: "Make a token", "Crear una credencial";
    token_new: "The new token", "La credencial nueva";
    token_once: "Copy it now: it is not shown again.", "Cópiela ahora: no se vuelve a mostrar.";
    token_removed: "The token is removed.", "La credencial está eliminada.";
    token_wrong: "A token needs a name that no other has, at least one scope, and 1 to 3650 days or none.", "Una credencial necesita un nombre que no tenga otra, al menos un alcance, y de 1 a 3650 días o ninguno.";
    token_name_hint: "What uses it: zabbix, prometheus, …", "Quién la usa: zabbix, prometheus, …";
    scopes: "Scopes", "Alcances";
    scope_intake: "hand alerts in", "entregar alertas";
    scope_metrics: "read the metrics", "leer las métricas";
    scope_read: "read status, alerts and people", "leer estado, alertas y personas";
    scope_act: "acknowledge, stop and retry alerts, try speech, read the log", "aceptar, detener y reintentar alertas, probar la voz, leer el registro";
    scope_configure: "change the configuration", "cambiar la configuración";
    scope_admin: "manage users and tokens, read the audit log, back up", "gestionar usuarios y códigos, leer la auditoría, hacer copias";
    days_valid: "Days it is valid", "Días de validez";
    days_hint: "Empty: for ever", "Vacío: para siempre";
    until: "Until", "Hasta";
    made: "Made", "Creada";
    name: "Name", "Nombre";
    time: "Time", "Hora";
    what: "What", "Qué";
    detail: "Detail", "Detalle";

    // People and settings.
    person: "Person", "Persona";
    add_person: "Add a person", "Añadir una persona";
    groups: "Groups", "Grupos";
    group: "Group", "Grupo";
    add_group: "Add a group", "Añadir un grupo";
    group_hint: "A group exists when somebody is in it; mail to its name is an alert for all of them.", "Un grupo existe cuando alguien está en él; el correo a su nombre es una alerta para todos.";
    mail_address: "Mail address", "Dirección de correo";
    phone: "Telephone", "Teléfono";
    extension: "Extension", "Extensión";
    voice: "Voice", "Voz";
    person_name_hint: "Mail to this name at the appliance is an alert for this person: letters, digits, '.', '_', '-'", "El correo a este nombre en el aparato es una alerta para esta persona: letras, cifras, '.', '_', '-'";
    mail_hint: "Empty: gets no mail", "Vacía: no recibe correo";
    phone_hint: "For SMS and calls, best with the country code", "Para SMS y llamadas, mejor con el prefijo del país";
    extension_hint: "On the company's telephone exchange, or a SIP URI", "En la centralita de la empresa, o un URI SIP";
    groups_hint: "Between commas; a group exists when somebody is in it", "Entre comas; un grupo existe cuando alguien está en él";
    language_hint: "By its tag: en, es, es-GT", "Por su etiqueta: en, es, es-GT";
    voice_hint: "Empty: the one for the language", "Vacía: la del idioma";
    save: "Save", "Guardar";
    test: "Test", "Probar";
    changed: "Changed and taken up.", "Cambiado y en vigor.";
    nothing_changes: "Nothing changes.", "No cambia nada.";
    difference: "Difference", "Diferencia";
    on: "on", "activo";
    off: "off", "inactivo";
    earlier: "Earlier", "Antes";
    texts: "Texts", "Textos";
    full_text: "SMS with the full text, in as many parts as it takes", "SMS con el texto completo, en las partes que hagan falta";
    the_file: "Configuration file", "Archivo de configuración";
    edit_file: "Edit the configuration file", "Editar el archivo de configuración";
    secrets_hint: "Passwords and PINs are not shown; the marks in their places keep them. Write a new one over a mark to change it.", "Las contraseñas y los PIN no se muestran; las marcas en su lugar los conservan. Escriba uno nuevo sobre una marca para cambiarlo.";
    changed_meanwhile: "Somebody else changed the file meanwhile. Copy what you wrote, load the page again and repeat.", "Otra persona cambió el archivo mientras tanto. Copie lo escrito, cargue la página otra vez y repita.";
    history: "Earlier configurations", "Configuraciones anteriores";
    no_history: "Nothing was changed from here yet.", "Todavía no se ha cambiado nada desde aquí.";
    go_back_to_it: "Go back to it", "Volver a ella";

    // Forms of the configuration, and what can be tried of them.
    chapter_telling: "Who is told by what", "A quién se avisa y cómo";
    chapter_telephones: "Telephones and lights", "Teléfonos y luces";
    chapter_saying: "What is said", "Lo que se dice";
    chapter_receiving: "What comes in and is kept", "Lo que llega y se guarda";
    chapter_machine: "The appliance", "El aparato";
    check_it: "Show what would change", "Ver qué cambiaría";
    not_right_yet: "Not right yet; nothing is saved.", "Todavía no está bien; no se guarda nada.";
    not_saved: "This is not right; nothing was saved.", "Esto no está bien; no se guardó nada.";
    none_yet: "There are none yet.", "Todavía no hay ninguno.";
    add: "Add", "Añadir";
    by_default: "(default)", "(por defecto)";
    when_empty: "Empty:", "Vacío:";
    secret_is_set: "It is set, and is not shown. Empty: it stays.", "Está puesta y no se muestra. Vacío: se queda.";
    secret_is_not_set: "It is not set.", "No está puesta.";
    take_out: "Take it out", "Quitarla";
    trial_hint: "What is saved is tried, not what is being typed.", "Se prueba lo guardado, no lo que se está escribiendo.";
    ask_relay: "Ask the relay", "Preguntar al servidor";
    relay_answers: "it answers, and takes the login if there is one.", "contesta, y acepta la entrada si la hay.";
    ask_modem: "Ask the module", "Preguntar al módulo";
    hear_voices: "Hear the voices", "Oír las voces";
    test_people: "Send a test to a person", "Enviar una prueba a una persona";
    whom_to_call: "Whom to call", "A quién llamar";
    call_it: "Call", "Llamar";
    rang_after: "Ringing after", "Suena tras";
    answered_after: "Answered after", "Contestada tras";
    sound_came_back: "Our sound came back", "Nuestro sonido volvió";
    of_a_sample: "Of a sample alert", "De una alerta de ejemplo";

    // Try.
    paste_mail: "The mail, with its headers", "El correo, con sus cabeceras";
    or_upload: "Or a file", "O un archivo";
    try_it: "Try", "Probar";
    try_to_hint: "A person, a group or an address, to see who would be told. Nobody is told now.", "Una persona, un grupo o una dirección, para ver a quién se avisaría. Ahora no se avisa a nadie.";
    nobody_of_this_name: "There is nobody of this name: the mail would be refused.", "No hay nadie con este nombre: se rechazaría el correo.";

    // Statistics.
    last_day: "Last day", "Último día";
    last_week: "Last week", "Última semana";
    last_month: "Last month", "Último mes";
    still_counting: "Older alerts are still being counted: look again in a moment.", "Las alertas anteriores aún se están contando: mire otra vez en un momento.";
    alerts_over_time: "Alerts over time", "Alertas en el tiempo";
    suppressed: "Repeats and ignored", "Repetidas e ignoradas";
    busiest_hosts: "Busiest hosts", "Equipos con más alertas";
    by_source: "By source", "Por origen";
    by_severity: "By severity", "Por gravedad";
    by_client: "By client", "Por cliente";
    told: "told", "avisados";
    success: "success", "éxito";
    told_after: "told after (median)", "avisado en (mediana)";
    acknowledged_after: "acknowledged after (median)", "aceptada en (mediana)";

    // Log, API, backup.
    level: "Level", "Nivel";
    no_lines: "There are no such lines.", "No hay líneas así.";
    api_intro: "All that the pages do, for programs, is under /api/v1. Its description is in", "Todo lo que hacen las páginas está, para programas, en /api/v1. Su descripción está en";
    backup_intro: "The configuration with its passwords. Keep it in a safe place.", "La configuración con sus contraseñas. Guárdela en un lugar seguro.";
    download_configuration: "Download the configuration", "Descargar la configuración";
    download_history: "Download the newest alerts (JSON)", "Descargar las alertas más recientes (JSON)";
    history_backup: "History", "Historial";
    history_intro: "All alerts with their mails and what became of them.", "Todas las alertas con sus correos y lo que fue de ellas.";
    download_whole_history: "Download the history", "Descargar el historial";
    history_restore: "To restore it, stop the appliance and run: smtp-appliance queue restore FILE. While it runs, the store belongs to it alone.", "Para restaurarlo, detenga el aparato y ejecute: smtp-appliance queue restore ARCHIVO. Mientras funciona, el almacén es solo suyo.";
    update: "Update", "Actualizar";
    update_intro: "A signed bundle (.raucb) of the image. It is checked and written beside the version in use, which stays until the next start of the machine.", "Un paquete firmado (.raucb) de la imagen. Se comprueba y se escribe junto a la versión en uso, que se queda hasta el próximo inicio del equipo.";
    update_installing: "The update is being installed. Load the page again.", "Se está instalando la actualización. Cargue la página otra vez.";
    update_installed: "The update is installed. It is used from the next start of the machine on.", "La actualización está instalada. Se usa desde el próximo inicio del equipo.";
    update_failed: "The update was not installed.", "La actualización no se instaló.";
    bundle: "Bundle", "Paquete";
    restore: "Restore", "Restaurar";
    restore_intro: "A configuration that was downloaded here. It is checked before it takes the place of the one in force, which is kept in the history.", "Una configuración descargada aquí. Se comprueba antes de sustituir a la vigente, que queda en el historial.";
}
