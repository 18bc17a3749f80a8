//! The resolver against a name server that is played on loopback.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Resolver;
use crate::config::{Encryption, SipAccount, SipTransport};
use crate::sip::transport::Place;

/// What the server knows.
type Zone = HashMap<(String, RecordType), Vec<RData>>;

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn srv(priority: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, 0, port, name(target)))
}

fn address(text: &str) -> RData {
    match text.parse().unwrap() {
        IpAddr::V4(ip) => RData::A(A(ip)),
        IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
    }
}

fn naptr(service: &str, replacement: &str) -> RData {
    let bytes = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
    let (flags, service) = (bytes("S"), bytes(service));
    RData::NAPTR(NAPTR::new(10, 10, flags, service, bytes(""), name(replacement)))
}

fn zone() -> Zone {
    let entries = [
        ("pbx.example.", RecordType::NAPTR, vec![naptr("SIP+D2T", "_sip._tcp.far.example.")]),
        (
            "_sip._udp.pbx.example.",
            RecordType::SRV,
            vec![srv(20, 5070, "second.example."), srv(10, 5080, "first.example.")],
        ),
        ("_sip._tcp.far.example.", RecordType::SRV, vec![srv(10, 5090, "first.example.")]),
        ("first.example.", RecordType::A, vec![address("192.0.2.1"), address("192.0.2.2")]),
        ("first.example.", RecordType::AAAA, vec![address("2001:db8::1")]),
        ("second.example.", RecordType::A, vec![address("192.0.2.3")]),
        ("plain.example.", RecordType::A, vec![address("192.0.2.4")]),
        ("new.example.", RecordType::AAAA, vec![address("2001:db8::2")]),
    ];
    entries.into_iter().map(|(name, kind, data)| ((name.to_owned(), kind), data)).collect()
}

async fn serve(zone: Zone) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            let query = asked.queries[0].clone();
            let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
            answer.metadata.recursion_desired = true;
            answer.metadata.recursion_available = true;
            let key = (query.name().to_ascii().to_lowercase(), query.query_type());
            match zone.get(&key) {
                Some(found) => {
                    for data in found {
                        let record = Record::from_rdata(query.name().clone(), 60, data.clone());
                        answer.add_answer(record);
                    }
                }
                None if zone.keys().any(|(name, _)| *name == key.0) => {}
                None => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            answer.add_query(query);
            socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
        }
    });
    (address, task)
}

fn place(domain: &str, proxy: Option<&str>, transport: SipTransport) -> Place {
    Place::of(&SipAccount {
        domain: domain.to_owned(),
        extension: "200".to_owned(),
        user: None,
        password: None,
        display_name: None,
        proxy: proxy.map(str::to_owned),
        register: true,
        expires: Duration::from_hours(1),
        transport,
        ca: None,
        srtp: Encryption::Off,
    })
}

#[tokio::test]
async fn names_lead_to_servers() {
    use SipTransport::{Tcp, Tls, Udp};
    let (server, _task) = serve(zone()).await;
    let resolver = Resolver::new(Some(vec![server]));
    let first = |port| format!("192.0.2.1:{port} 192.0.2.2:{port} [2001:db8::1]:{port}");
    let cases = [
        ("pbx.example", None, Udp, format!("{} 192.0.2.3:5070", first(5080))),
        // By NAPTR.
        ("pbx.example", None, Tcp, first(5090)),
        // Neither NAPTR nor SRV.
        ("plain.example", None, Udp, "192.0.2.4:5060".to_owned()),
        ("plain.example", None, Tls, "192.0.2.4:5061".to_owned()),
        ("new.example", None, Tcp, "[2001:db8::2]:5060".to_owned()),
        // A port means that host.
        ("pbx.example", Some("first.example:5088"), Udp, first(5088)),
        ("pbx.example", Some("192.0.2.77"), Tls, "192.0.2.77:5061".to_owned()),
        ("pbx.example", Some("[2001:db8::7]:7"), Udp, "[2001:db8::7]:7".to_owned()),
        ("nowhere.example", None, Udp, "no address is known for nowhere.example".to_owned()),
    ];
    for (domain, proxy, transport, expected) in cases {
        let place = place(domain, proxy, transport);
        let found = timeout(Duration::from_mins(1), resolver.addresses(&place)).await;
        let found = match found.expect("an answer") {
            Ok(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(why) => why,
        };
        // Those of one name come in any order.
        let sorted = |text: &str| {
            let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
            words.sort();
            words
        };
        assert_eq!(sorted(&found), sorted(&expected), "{domain} {proxy:?} {transport:?}");
        assert_eq!(found.ends_with("192.0.2.3:5070"), expected.ends_with("192.0.2.3:5070"));
    }
}
