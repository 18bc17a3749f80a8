//! An agent of the appliance that speaks SIP on loopback, and what happens in its calls.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use smtp_appliance::config::{
    Encryption, Secret, Sip, SipAccount, SipCodec, SipSilence, SipTransport,
};
use smtp_appliance::sip::sdp::{Agreed, Codec, Local};
use smtp_appliance::sip::{
    AccountStatus, Agent, Call, CallEnd, CallEvent, CallRequest, Load, Options, Registration,
    Target, Timing,
};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::programs::free_sip_port;
use super::sipp::{PASSWORD, USER};

/// Longest wait for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Ours, where the test has no RTP.
pub(crate) const RTP_PORT: u16 = 19_000;

/// Times for far ends that answer at once, so that tests of those that do not are short.
pub(crate) fn hasty() -> Options {
    let timing = Timing {
        t1: Duration::from_millis(100),
        t2: Duration::from_millis(800),
        t4: Duration::from_secs(1),
        retry_first: Duration::from_millis(200),
        retry_max: Duration::from_secs(1),
        refused: Duration::from_secs(30),
        // No scenario expects it.
        look: Duration::from_mins(10),
        ..Timing::default()
    };
    Options { timing, name_servers: None }
}

/// An account at who listens on that port of loopback, as a trunk: without registration.
pub(crate) fn trunk(port: u16) -> SipAccount {
    SipAccount {
        domain: "127.0.0.1".to_owned(),
        extension: USER.to_owned(),
        user: None,
        password: Some(Secret::new(PASSWORD.to_owned())),
        display_name: Some("Alarms".to_owned()),
        proxy: Some(format!("127.0.0.1:{port}")),
        register: false,
        expires: Duration::from_mins(1),
        transport: SipTransport::Udp,
        ca: None,
        srtp: Encryption::Off,
    }
}

pub(crate) fn settings(accounts: Vec<SipAccount>) -> Sip {
    Sip {
        accounts,
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        rtp_ports: 30_000..=31_999,
        codecs: vec![SipCodec::Pcmu, SipCodec::Pcma],
        silence: SipSilence::Noise,
        max_calls: 8,
    }
}

/// The agent under test.
pub(crate) struct Line {
    pub(crate) agent: Agent,
    stop: CancellationToken,
    tasks_before: usize,
}

impl Line {
    pub(crate) fn open(settings: Sip) -> Self {
        Self::open_with(settings, hasty())
    }

    pub(crate) fn open_with(settings: Sip, options: Options) -> Self {
        let tasks_before = Handle::current().metrics().num_alive_tasks();
        let stop = CancellationToken::new();
        let agent = Agent::start_with(settings, options, stop.clone()).expect("a port");
        Self { agent, stop, tasks_before }
    }

    pub(crate) async fn call(&self, to: Target, ring_time: Duration) -> Call {
        self.call_with(to, ring_time, local(RTP_PORT)).await
    }

    pub(crate) async fn call_with(&self, to: Target, ring_time: Duration, media: Local) -> Call {
        let max_length = Duration::from_mins(5);
        self.agent.call(CallRequest { to, media, ring_time, max_length }).await
    }

    /// Resolves when the first account stands so.
    pub(crate) async fn account(
        &self,
        mut wanted: impl FnMut(&Registration) -> bool,
    ) -> AccountStatus {
        let mut watch = self.agent.watch();
        let found = watch.wait_for(|all| all.first().is_some_and(|first| wanted(&first.state)));
        let found = timeout(PATIENCE, found).await;
        let Ok(found) = found else { panic!("not in time: {:?}", self.agent.status()) };
        found.expect("the agent lives").first().expect("an account").clone()
    }

    /// Resolves when it remembers no call and no request any more.
    pub(crate) async fn idle(&self) {
        let idle = async {
            while self.agent.load() != Load::default() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let idle = timeout(PATIENCE, idle).await;
        idle.unwrap_or_else(|_| panic!("{:?} stays behind", self.agent.load()));
    }

    /// Stops it, and looks that nothing of it is left.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.agent.stopped()).await.expect("stopped in time");
        drop(self.agent);
        let gone = async {
            while Handle::current().metrics().num_alive_tasks() > self.tasks_before {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, gone).await.expect("a task stays behind");
    }
}

/// Our side of the sound; the account says whether it is encrypted.
pub(crate) fn local(rtp_port: u16) -> Local {
    Local {
        address: Ipv4Addr::LOCALHOST.into(),
        rtp_port,
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        comfort_noise: true,
        encryption: Encryption::Off,
        keys: Vec::new(),
        session_id: 0,
        version: 0,
    }
}

/// The next event of a call.
///
/// # Panics
/// If none comes in time.
pub(crate) async fn next(call: &mut Call) -> CallEvent {
    timeout(PATIENCE, call.next()).await.expect("an event in time").expect("no end yet")
}

/// An event in few words.
pub(crate) fn told(event: &CallEvent) -> String {
    let sound = |agreed: &Option<Agreed>| if agreed.is_some() { " with sound" } else { "" };
    match event {
        CallEvent::Dialling => "dialling".to_owned(),
        CallEvent::Progress(agreed) => format!("progress{}", sound(agreed)),
        CallEvent::Ringing(agreed) => format!("ringing{}", sound(agreed)),
        CallEvent::Answered(_) => "answered".to_owned(),
        CallEvent::Media(agreed) if !agreed.we_send => "held".to_owned(),
        CallEvent::Media(_) => "changed".to_owned(),
        CallEvent::Key(key) => format!("key {key}"),
        CallEvent::Ended(CallEnd::HungUp) => "we hung up".to_owned(),
        CallEvent::Ended(CallEnd::FarEnd) => "they hung up".to_owned(),
        CallEvent::Ended(end) => end.to_string(),
    }
}

/// An address of loopback to speak SIP from, where the test has to know it.
pub(crate) fn free_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_sip_port()).into()
}
