//! The programs that send alerts, as they are: each gets its mail into the appliance.

use smtp_appliance::intake::Submission;
use tokio::process::Command;

use crate::receiver::{Receiver, start_receiver};
use crate::support::exim::Exim;
use crate::support::postfix::Postfix;
use crate::support::programs::{folder, in_target, program, run};

/// What every client says, in a mail of its own making.
const SUBJECT: &str = "PROBLEM: espacio en disco crítico";
const BODY: &str = ".punto al principio\nleído: 98 %\n.\n";

/// The mail's header and body with lines ended by LF, as `MIME` carries them.
fn text(mail: &Submission) -> (String, String) {
    let text = String::from_utf8_lossy(&mail.raw).replace("\r\n", "\n");
    let (header, body) = text.split_once("\n\n").unwrap_or(("", &text));
    (header.to_owned(), body.to_owned())
}

/// The same in bytes.
fn lossless(mail: &Submission) -> (Vec<u8>, Vec<u8>) {
    let text: Vec<u8> = mail.raw.iter().copied().filter(|byte| *byte != b'\r').collect();
    let end = text.windows(2).position(|two| two == b"\n\n").unwrap_or(0);
    (text[..end].to_vec(), text[end + 2..].to_vec())
}

/// Checks what a person would read.
fn assert_reads(mail: &Submission, subject: &str, body: &str) {
    let parsed = mail_parser::MessageParser::default().parse(mail.raw.as_ref()).unwrap();
    assert_eq!(parsed.subject(), Some(subject));
    let read = parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(read.trim_end(), body.trim_end());
    assert_eq!(mail.origin.recipients, ["ana@example.org"]);
}

fn raw_mail() -> String {
    format!("From: zabbix@example.org\nTo: ana@example.org\nSubject: {SUBJECT}\n\n{BODY}")
}

async fn swaks(port: u16, receiver: &mut Receiver, more: &[&str]) -> Submission {
    let mut command = Command::new(program("swaks", "swaks"));
    command.args(["--server", "127.0.0.1", "--port", &port.to_string(), "--to", "ana@example.org"]);
    command.args(["--header", "Subject: Disk full", "--body", ".dot\\nsecond line"]);
    if !more.contains(&"--from") {
        command.args(["--from", "zabbix@example.org"]);
    }
    run(command.args(more), b"").await;
    let mail = receiver.mail().await;
    assert_reads(&mail, "Disk full", ".dot\nsecond line");
    mail
}

#[tokio::test]
async fn swaks_in_all_its_ways() {
    let mut receiver = start_receiver().await;
    let plain: [&[&str]; 4] = [&[], &["--pipeline"], &["--protocol", "SMTP"], &["--tls"]];
    for more in plain {
        let mail = swaks(receiver.plain, &mut receiver, more).await;
        assert_eq!(mail.origin.sender, "zabbix@example.org");
        assert_eq!(mail.origin.user, None);
    }
    let mail = swaks(receiver.plain, &mut receiver, &["--from", "<>"]).await;
    assert_eq!(mail.origin.sender, "");
    swaks(receiver.implicit_tls, &mut receiver, &["--tls-on-connect"]).await;
    for mechanism in ["PLAIN", "LOGIN"] {
        let login =
            ["--tls", "--auth", mechanism, "--auth-user", "ana", "--auth-password", "secreto"];
        let mail = swaks(receiver.login, &mut receiver, &login).await;
        assert_eq!(mail.origin.user.as_deref(), Some("ana"));
    }
}

#[tokio::test]
async fn msmtp_plain_with_tls_and_with_a_login() {
    let mut receiver = start_receiver().await;
    let certificate = ["--tls=on", "--tls-certcheck=off"];
    let ways: [(u16, Vec<&str>); 4] = [
        (receiver.plain, vec!["--tls=off"]),
        (receiver.plain, certificate.to_vec()),
        (receiver.implicit_tls, [&certificate[..], &["--tls-starttls=off"]].concat()),
        (
            receiver.login,
            [&certificate[..], &["--auth=plain", "--user=ana", "--passwordeval=echo secreto"]]
                .concat(),
        ),
    ];
    // Longer than RFC 5322 allows, as cron and scripts send it.
    let long = format!("{}{}\n", raw_mail(), "x".repeat(3001));
    for (port, options) in ways {
        let mut command = Command::new(program("msmtp", "msmtp"));
        command.args(["--host=127.0.0.1", "--from=zabbix@example.org", &format!("--port={port}")]);
        run(command.args(options).arg("ana@example.org"), long.as_bytes()).await;
        let mail = receiver.mail().await;
        let (header, body) = text(&mail);
        assert!(header.contains(&format!("Subject: {SUBJECT}")), "{header}");
        assert_eq!(body, format!("{BODY}{}\n", "x".repeat(3001)));
    }
}

#[tokio::test]
async fn s_nail_as_scripts_call_it() {
    let mut receiver = start_receiver().await;
    let ways: [(u16, &str, &[&str]); 3] = [
        (receiver.plain, "smtp://", &["smtp-auth=none"]),
        (receiver.plain, "smtp://", &["smtp-auth=none", "smtp-use-starttls", "tls-verify=ignore"]),
        (receiver.login, "smtp://ana:secreto@", &["smtp-use-starttls", "tls-verify=ignore"]),
    ];
    for (port, scheme, options) in ways {
        let mut command = Command::new(program("s-nail", "s-nail"));
        command.args(["-:/", "-S", "v15-compat", "-S", "ttycharset=UTF-8"]);
        command.args(["-r", "zabbix@example.org", "-s", SUBJECT]);
        command.args(["-S", &format!("mta={scheme}127.0.0.1:{port}")]);
        for option in options {
            command.args(["-S", option]);
        }
        command.env("LC_ALL", "C.UTF-8").env("HOME", folder().path());
        run(command.arg("ana@example.org"), BODY.as_bytes()).await;
        assert_reads(&receiver.mail().await, SUBJECT, BODY);
    }
}

#[tokio::test]
async fn curl_with_files_of_any_line_end_and_with_attachments() {
    let mut receiver = start_receiver().await;
    let folder = folder();
    let (lf, crlf) = (folder.path().join("lf.eml"), folder.path().join("crlf.eml"));
    std::fs::write(&lf, raw_mail()).unwrap();
    std::fs::write(&crlf, raw_mail().replace('\n', "\r\n")).unwrap();
    let (lf, crlf) = (lf.to_str().unwrap(), crlf.to_str().unwrap());
    let (plain, implicit) = (receiver.plain, receiver.implicit_tls);
    let attached = format!("={BODY};type=text/plain; charset=UTF-8;encoder=base64");
    let subject = "Subject: =?UTF-8?Q?PROBLEM:_espacio_en_disco_cr=C3=ADtico?=";
    let ways: [(String, &[&str]); 6] = [
        (format!("smtp://127.0.0.1:{plain}/srv-db-01"), &["--upload-file", crlf]),
        (format!("smtp://127.0.0.1:{plain}"), &["--upload-file", lf]),
        (format!("smtp://127.0.0.1:{plain}"), &["--crlf", "--upload-file", lf]),
        (
            format!("smtp://127.0.0.1:{plain}"),
            &["--ssl-reqd", "--insecure", "-H", subject, "-F", &attached, "-F", &format!("=@{lf}")],
        ),
        (format!("smtps://127.0.0.1:{implicit}"), &["--insecure", "--upload-file", crlf]),
        (
            format!("smtp://127.0.0.1:{}", receiver.login),
            &["--ssl-reqd", "--insecure", "--user", "ana:secreto", "--upload-file", crlf],
        ),
    ];
    for (url, options) in ways {
        let mut command = Command::new(program("curl", "curl"));
        command.args(["--silent", "--show-error", "--url", &url]);
        command.args(["--mail-from", "zabbix@example.org", "--mail-rcpt", "ana@example.org"]);
        run(command.args(options), b"").await;
        assert_reads(&receiver.mail().await, SUBJECT, BODY);
    }
}

/// Runs lines of Python after a connection is made, and gives the mail they sent.
async fn python(receiver: &mut Receiver, lines: &str) -> Submission {
    let script = format!(
        "import smtplib, ssl, sys\n\
         trusting = ssl._create_unverified_context()\n\
         plain, implicit, login = map(int, sys.argv[1:4])\n\
         raw = sys.stdin.buffer.read()\n\
         def send(s, raw):\n    s.sendmail('zabbix@example.org', ['ana@example.org'], raw)\n\
         {lines}\n"
    );
    let ports = [receiver.plain, receiver.implicit_tls, receiver.login];
    let mut command = Command::new(program("python3", "python3"));
    command.args(["-c", &script]).args(ports.map(|port| port.to_string()));
    run(&mut command, raw_mail().replace('\n', "\r\n").as_bytes()).await;
    receiver.mail().await
}

#[tokio::test]
async fn python_scripts_with_and_without_manners() {
    let mut receiver = start_receiver().await;
    let ways = [
        "s = smtplib.SMTP('127.0.0.1', plain); send(s, raw); s.quit()",
        // Neither EHLO nor QUIT.
        "s = smtplib.SMTP('127.0.0.1', plain); s.helo('x'); send(s, raw)",
        "s = smtplib.SMTP('127.0.0.1', plain); s.starttls(context=trusting); send(s, raw)",
        "s = smtplib.SMTP_SSL('127.0.0.1', implicit, context=trusting); send(s, raw)",
        "s = smtplib.SMTP('127.0.0.1', login); s.starttls(context=trusting)\n\
         s.login('ana', 'secreto'); send(s, raw)",
    ];
    for lines in ways {
        let mail = python(&mut receiver, lines).await;
        let (header, body) = text(&mail);
        assert!(header.ends_with(&format!("Subject: {SUBJECT}")), "{header}");
        assert_eq!(body, BODY);
        assert_eq!(mail.origin.user.is_some(), lines.contains("login"));
    }
    let two = "s = smtplib.SMTP('127.0.0.1', plain); send(s, raw); send(s, b'no header at all')";
    python(&mut receiver, two).await;
    assert_eq!(receiver.mail().await.raw.as_ref(), b"no header at all\r\n");
    // Bytes go as they are, lone LFs and all.
    let lone =
        "s = smtplib.SMTP('127.0.0.1', plain); send(s, 'Subject: á\\n\\né'.encode('latin1'))";
    let (header, body) = lossless(&python(&mut receiver, lone).await);
    assert_eq!((header.as_slice(), body.as_slice()), (&b"Subject: \xe1"[..], &b"\xe9\n"[..]));
}

#[tokio::test]
async fn nodemailer() {
    let mut receiver = start_receiver().await;
    let script = "
        const [port, secure, user] = process.argv.slice(1);
        require('nodemailer').createTransport({
            host: '127.0.0.1', port: +port, secure: secure === 'true',
            tls: { rejectUnauthorized: false },
            auth: user ? { user, pass: 'secreto' } : undefined,
        }).sendMail({
            from: 'zabbix@example.org', to: 'ana@example.org',
            subject: process.env.SUBJECT, text: process.env.BODY,
        }).catch(error => { console.error(error); process.exit(1); });";
    let ways = [
        (receiver.plain, "false", ""),
        (receiver.implicit_tls, "true", ""),
        (receiver.login, "false", "ana"),
    ];
    for (port, secure, user) in ways {
        let mut command = Command::new(program("node", "nodejs"));
        command.env("NODE_PATH", in_target("node/node_modules"));
        command.env("SUBJECT", SUBJECT).env("BODY", BODY);
        run(command.args(["-e", script, &port.to_string(), secure, user]), b"").await;
        assert_reads(&receiver.mail().await, SUBJECT, BODY);
    }
}

#[tokio::test]
async fn postfix_as_a_forwarding_hop() {
    let mut receiver = start_receiver().await;
    let hop = format!(
        "relayhost = [127.0.0.1]:{}\nsmtp_dns_support_level = disabled\nsmtp_host_lookup = native",
        receiver.plain
    );
    let postfix = Postfix::start(&hop).await;
    // A raw UTF-8 subject: Postfix bounces it if the next hop does not offer SMTPUTF8.
    let mut sendmail = postfix.sendmail();
    sendmail.args(["-i", "-f", "zabbix@example.org", "ana@example.org"]);
    run(&mut sendmail, raw_mail().as_bytes()).await;
    let (header, body) = text(&receiver.mail().await);
    assert!(header.contains(&format!("\nSubject: {SUBJECT}")), "{header}");
    assert_eq!(body, BODY);

    // Several at once go through one connection.
    for _ in 0..5 {
        swaks(postfix.port, &mut receiver, &[]).await;
    }
}

#[tokio::test]
async fn exim_as_a_forwarding_hop() {
    let mut receiver = start_receiver().await;
    let exim = Exim::start(receiver.plain).await;
    let mut command = Command::new(program("msmtp", "msmtp"));
    let port = format!("--port={}", exim.port);
    command.args(["--host=127.0.0.1", "--tls=off", &port, "--from=zabbix@example.org"]);
    run(command.arg("ana@example.org"), raw_mail().as_bytes()).await;
    let (header, body) = text(&receiver.mail().await);
    assert!(header.contains(&format!("\nSubject: {SUBJECT}")), "{header}\n{}", exim.log());
    assert_eq!(body, BODY);
}
