//! TLS and AUTH, with lettre as the client.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use smtp_appliance::config::{AuthPolicy, Config, ListenerTls};
use smtp_appliance::smtp::load_certificate;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::receiver::{Client, Receiver, listener, soon};

fn secure(config: &mut Config) {
    config.smtp.listeners = vec![
        listener(ListenerTls::Starttls, AuthPolicy::Optional),
        listener(ListenerTls::Implicit, AuthPolicy::Required),
    ];
}

/// A client that takes any certificate.
fn client(
    receiver: &Receiver,
    port: usize,
    tls: fn(TlsParameters) -> Tls,
) -> lettre::transport::smtp::AsyncSmtpTransportBuilder {
    let parameters = TlsParameters::builder("localhost".to_owned())
        .dangerous_accept_invalid_certs(true)
        .build_rustls()
        .unwrap();
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("localhost")
        .port(receiver.addresses[port].port())
        .tls(tls(parameters))
}

fn envelope() -> Envelope {
    let address = |text: &str| text.parse().unwrap();
    Envelope::new(Some(address("zabbix@example.org")), vec![address("ana@example.org")]).unwrap()
}

#[tokio::test]
async fn mails_come_in_over_tls() {
    let receiver = Receiver::start(secure);
    let plain = client(&receiver, 0, Tls::Required).build();
    let mail = b"Subject: over STARTTLS\r\n\r\n.dot\r\n";
    soon(plain.send_raw(&envelope(), mail)).await.unwrap();
    // The second one goes over the same connection.
    soon(plain.send_raw(&envelope(), mail)).await.unwrap();

    let wrapped = client(&receiver, 1, Tls::Wrapper);
    let refused = soon(wrapped.clone().build().send_raw(&envelope(), mail)).await.unwrap_err();
    assert!(refused.to_string().contains("Log in first"), "{refused}");
    let login = |password: &str| Credentials::new("ana".to_owned(), password.to_owned());
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let wrapped = wrapped.clone().authentication(vec![mechanism]);
        let wrong = wrapped.clone().credentials(login("wrong")).build();
        let refused = soon(wrong.send_raw(&envelope(), mail)).await.unwrap_err();
        assert!(refused.to_string().contains("5.7.8"), "{refused}");
        let right = wrapped.credentials(login("secreto")).build();
        soon(right.send_raw(&envelope(), mail)).await.unwrap();
    }

    let mails = receiver.door.submissions();
    let users: Vec<_> = mails.iter().map(|mail| mail.origin.user.as_deref()).collect();
    assert_eq!(users, [None, None, Some("ana"), Some("ana")]);
    // lettre adds an empty line.
    assert!(mails.iter().all(|received| received.raw.starts_with(mail)));
}

#[tokio::test]
async fn the_self_signed_certificate_is_made_once() {
    let receiver = Receiver::start(secure);
    let files = ["smtp-cert.pem", "smtp-key.pem"].map(|name| receiver.store().join(name));
    for file in &files {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = files.clone().map(|file| fs::read(file).unwrap());
    let mut config = crate::support::receiver::config(receiver.store());
    load_certificate(&config).unwrap();
    assert_eq!(files.clone().map(|file| fs::read(file).unwrap()), before);
    // Damaged by a power cut: made again.
    fs::write(&files[1], "").unwrap();
    load_certificate(&config).unwrap();
    assert_ne!(files.clone().map(|file| fs::read(file).unwrap()), before);
    // A folder that cannot be written to is no reason to go without.
    config.appliance.store = "/proc/nowhere".into();
    load_certificate(&config).unwrap();
}

#[tokio::test]
async fn a_certificate_from_files_and_its_faults() {
    let folder = tempfile::tempdir().unwrap();
    let pair = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let paths =
            (folder.path().join(format!("{name}.crt")), folder.path().join(format!("{name}.key")));
        fs::write(&paths.0, made.cert.pem()).unwrap();
        fs::write(&paths.1, made.signing_key.serialize_pem()).unwrap();
        paths
    };
    let (one, two) = (pair("one.test"), pair("two.test"));
    let with = |certificate: &std::path::Path, key: &std::path::Path| {
        let mut config = crate::support::receiver::config(folder.path());
        config.smtp.certificate = Some((certificate.to_owned(), key.to_owned()));
        load_certificate(&config).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with(&one.0, &one.1), Ok(()));
    let missing = folder.path().join("missing.crt");
    let junk = folder.path().join("junk.crt");
    fs::write(&junk, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n").unwrap();
    let faults = [
        (with(&one.0, &two.1), "do not go together"),
        (with(&missing, &one.1), "cannot read"),
        (with(&one.1, &one.1), "holds no certificate"),
        (with(&one.0, &one.0), "holds no private key"),
        (with(&junk, &one.1), "is not a PEM file"),
    ];
    for (result, expected) in faults {
        let fault = result.unwrap_err();
        assert!(
            fault.contains(expected) && fault.contains(folder.path().to_str().unwrap()),
            "{fault}"
        );
    }
}

/// Whether the server shows this certificate (DER) at its second port.
async fn shows(receiver: &Receiver, certificate: &[u8]) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = soon(TcpStream::connect(receiver.addresses[1])).await.unwrap();
    let name = "localhost".try_into().unwrap();
    soon(TlsConnector::from(Arc::new(tls)).connect(name, stream)).await.is_ok()
}

#[tokio::test]
async fn a_new_certificate_is_taken_up() {
    let receiver = Receiver::start(secure);
    let old = fs::read(receiver.store().join("smtp-cert.pem")).unwrap();
    let old = CertificateDer::from_pem_slice(&old).unwrap();
    assert!(shows(&receiver, &old).await);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let paths = (receiver.store().join("new.crt"), receiver.store().join("new.key"));
    // First a pair that is no use: the old one stays.
    fs::write(&paths.0, "nothing").unwrap();
    fs::write(&paths.1, made.signing_key.serialize_pem()).unwrap();
    receiver.change(|config| config.smtp.certificate = Some(paths.clone()));
    assert!(shows(&receiver, &old).await);
    fs::write(&paths.0, made.cert.pem()).unwrap();
    receiver.change(|_| {});
    soon(async { while !shows(&receiver, made.cert.der()).await {} }).await;
}

#[tokio::test]
async fn without_a_certificate_mails_still_come_in() {
    let receiver = Receiver::start(|config| {
        secure(config);
        config.smtp.certificate = Some(("/nowhere.crt".into(), "/nowhere.key".into()));
    });
    let mut client = receiver.client().await;
    assert!(!client.say("EHLO x").await.contains("STARTTLS"));
    client.must("STARTTLS", "454").await;
    assert!(client.mail("Subject: x\r\n").await.starts_with("250"));
    assert!(Client::connect(receiver.addresses[1]).await.is_closed().await);
}

#[tokio::test]
async fn what_is_sent_before_tls_is_not_obeyed() {
    let receiver = Receiver::start(secure);
    let mut client = receiver.client().await;
    client.send(b"STARTTLS\r\nMAIL FROM:<evil@b>\r\n").await;
    assert!(client.reply().await.starts_with("220"));
    // No reply to MAIL, neither now nor within TLS.
    let reply = client.say("NOOP").await;
    assert!(!reply.starts_with("250"), "{reply:?}");
}
