//! The mail channel with a real Postfix as its relay, STARTTLS demanded on both sides.

use std::path::PathBuf;
use std::sync::Arc;

use smtp_appliance::channel::mail::MailChannel;
use smtp_appliance::channel::{Channel, Outcome};
use smtp_appliance::config::RelayTls;
use tokio::sync::watch;
use tokio::time::{Duration, sleep, timeout};

use crate::support::mail::{config, job, mail_settings};
use crate::support::postfix::Postfix;

/// Mailboxes for Ana and Luis; Postfix delivers into them as `nobody`.
const MAILBOXES: &str = "
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = inline:{ ana@example.org=ana/, luis@example.org=luis/ }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_loglevel = 1
";

struct PostOffice {
    postfix: Postfix,
    channel: MailChannel,
    _config: watch::Sender<Arc<smtp_appliance::config::Config>>,
}

impl PostOffice {
    async fn open() -> Self {
        let postfix = Postfix::start(MAILBOXES).await;
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let ca = postfix.path().join("certificate.pem");
        std::fs::write(&ca, made.cert.pem()).unwrap();
        std::fs::write(postfix.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let boxes = postfix.path().join("boxes");
        std::fs::create_dir(&boxes).unwrap();
        std::os::unix::fs::chown(&boxes, Some(65534), Some(65534)).unwrap();
        let mut mail = mail_settings(postfix.port);
        mail.tls = RelayTls::Starttls;
        mail.ca = Some(ca);
        let (sender, watched) = watch::channel(Arc::new(config(mail)));
        Self { postfix, channel: MailChannel::new(watched), _config: sender }
    }

    async fn tell(&self, raw: &[u8], addresses: &[Option<&str>]) -> Vec<Outcome> {
        let reports = self.channel.tell(job(raw, addresses)).await;
        reports.into_iter().map(|report| report.outcome).collect()
    }

    /// The mails in somebody's mailbox, when there are as many.
    async fn mails(&self, name: &str, count: usize) -> Vec<Vec<u8>> {
        let folder = self.postfix.path().join("boxes").join(name).join("new");
        let all = async {
            loop {
                let files: Vec<PathBuf> = std::fs::read_dir(&folder)
                    .map(|files| files.map(|file| file.unwrap().path()).collect())
                    .unwrap_or_default();
                if files.len() >= count {
                    return files.iter().map(|file| std::fs::read(file).unwrap()).collect();
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let all = timeout(Duration::from_mins(1), all).await;
        all.unwrap_or_else(|_| panic!("no mail for {name}:\n{}", self.postfix.log()))
    }
}

#[tokio::test]
async fn postfix_takes_the_mail_and_the_person_gets_it() {
    let office = PostOffice::open().await;
    let mail = "Return-Path: <zabbix@mon.example>\r\nDelivered-To: ana@example.org\r\n\
                From: Vigilancia ñandú <zabbix@mon.example>\r\nTo: ana@example.org\r\n\
                Subject: Espacio en disco crítico\r\n\r\n.\r\n..leído\r\n\r\n\tfin \r\n";
    let people =
        [Some("ana@example.org"), Some("nadie@example.org"), Some("luis@example.org"), None];
    let outcomes = office.tell(mail.as_bytes(), &people).await;
    for (number, told) in [(0, true), (1, false), (2, true), (3, false)] {
        let is_told = matches!(&outcomes[number], Outcome::Told { detail, .. } if detail.contains("queued as"));
        assert_eq!(is_told, told, "{outcomes:?}");
    }
    let Outcome::Refused(reason) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert!(reason.contains("550") && !reason.contains("nadie"), "{reason}");

    for name in ["ana", "luis"] {
        let [mail]: [Vec<u8>; 1] = office.mails(name, 1).await.try_into().unwrap();
        let text = String::from_utf8(mail.clone()).unwrap();
        let (header, body) = text.split_once("\n\n").unwrap();
        assert_eq!(body, ".\n..leído\n\n\tfin \n");
        assert!(header.is_ascii(), "{header}");
        assert!(header.starts_with("Return-Path: <alerts@appliance.example>\n"), "{header}");
        assert_eq!(header.matches("Delivered-To: ").count(), 1, "{header}");
        assert!(header.contains("with ESMTPS id"), "{header}");
        assert!(header.contains("\nReply-To: zabbix@mon.example\n"), "{header}");
        let mail = mail_parser::MessageParser::default().parse(&mail).unwrap();
        assert_eq!(mail.subject(), Some("Espacio en disco crítico"));
        let from = mail.from().unwrap().first().unwrap();
        assert_eq!(from.name(), Some("Vigilancia ñandú via smtp.appliance"));
        assert_eq!(from.address(), Some("alerts@appliance.example"));
    }
}

#[tokio::test]
async fn one_connection_carries_many_mails() {
    let office = PostOffice::open().await;
    for number in 0..20 {
        let mail = format!("Subject: {number}\r\n\r\n{number}\r\n");
        let outcomes = office.tell(mail.as_bytes(), &[Some("ana@example.org")]).await;
        assert!(matches!(outcomes[0], Outcome::Told { .. }), "{outcomes:?}");
    }
    assert_eq!(office.mails("ana", 20).await.len(), 20);
    let log = office.postfix.log();
    let sessions = log.matches("Anonymous TLS connection established").count();
    assert_eq!(sessions, 1, "{log}");
}
