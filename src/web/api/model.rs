//! What the API takes and gives: types of its own, so that what is kept may change while programs
//! go on to understand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::ChannelName;
use crate::control::{AlertView, DeliveryView};
use crate::queue::Progress;

/// Why something was not done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Error {
    /// For a person to read.
    pub(crate) error: String,
}

/// An alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Alert {
    /// Its number.
    id: u64,
    /// When it came in (RFC 3339).
    #[schema(format = DateTime)]
    received: String,
    /// `waiting`, `told`, `partly`, `failed` or `dropped`.
    state: &'static str,
    /// Why the filter dropped it.
    reason: Option<String>,
    /// `info`, `warning`, `error` or `critical`.
    severity: Option<&'static str>,
    subject: String,
    from: String,
    /// Whom it is for.
    people: Vec<String>,
    /// What it reports.
    events: Vec<Event>,
    /// How each telling stands.
    deliveries: Vec<Delivery>,
}

/// One thing that an alert reports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Event {
    source: String,
    /// `problem`, `recovery`, `update`, `acknowledgement`, `downtime`, `flapping`, `test`, `report` or
    /// `other`.
    kind: &'static str,
    severity: Option<&'static str>,
    host: Option<String>,
    check: Option<String>,
    problem_id: Option<String>,
    summary: String,
}

/// The telling of one person by one channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Delivery {
    person: String,
    channel: &'static str,
    /// `open`, `handed-over`, `delivered`, `answered`, `acknowledged`, `failed` or `spared`.
    progress: &'static str,
    tries: u32,
    attempts: Vec<Attempt>,
}

/// One attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Attempt {
    /// When it ended (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    /// `told`, `retry`, `refused` or `spared`.
    outcome: &'static str,
    detail: String,
    /// What happened on the way.
    course: Vec<Moment>,
}

/// One moment of an attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Moment {
    #[schema(format = DateTime)]
    at: String,
    what: String,
}

impl From<AlertView> for Alert {
    fn from(view: AlertView) -> Self {
        let events = view.events.into_iter().map(Event::from).collect();
        Self {
            id: view.id.0,
            received: view.received.to_string(),
            state: view.state.as_str(),
            reason: view.reason,
            severity: view.severity.map(crate::alert::Severity::as_str),
            subject: view.subject,
            from: view.from,
            people: view.people.into_iter().map(String::from).collect(),
            events,
            deliveries: view.deliveries.into_iter().map(Delivery::from).collect(),
        }
    }
}

impl From<crate::alert::Event> for Event {
    fn from(event: crate::alert::Event) -> Self {
        Self {
            source: event.source,
            kind: event.kind.as_str(),
            severity: event.severity.map(crate::alert::Severity::as_str),
            host: event.host,
            check: event.check,
            problem_id: event.problem_id,
            summary: event.summary,
        }
    }
}

impl From<DeliveryView> for Delivery {
    fn from(view: DeliveryView) -> Self {
        Self {
            person: view.person.into(),
            channel: view.channel.as_str(),
            progress: progress_name(view.progress),
            tries: view.tries,
            attempts: view.attempts.into_iter().map(Attempt::from).collect(),
        }
    }
}

/// The word for how a delivery stands.
pub(crate) const fn progress_name(progress: Progress) -> &'static str {
    use crate::channel::Reach;
    match progress {
        Progress::Open => "open",
        Progress::Told(Reach::HandedOver) => "handed-over",
        Progress::Told(Reach::Delivered) => "delivered",
        Progress::Told(Reach::Answered) => "answered",
        Progress::Told(Reach::Acknowledged) => "acknowledged",
        Progress::Failed => "failed",
        Progress::Spared => "spared",
    }
}

impl From<crate::queue::Attempt> for Attempt {
    fn from(attempt: crate::queue::Attempt) -> Self {
        use crate::channel::Outcome;
        let (outcome, detail) = match attempt.outcome {
            Outcome::Told { detail, .. } => ("told", detail),
            Outcome::Retry(reason) => ("retry", reason),
            Outcome::Refused(reason) => ("refused", reason),
            Outcome::Spared(reason) => ("spared", reason),
        };
        let moment = |moment: crate::channel::Moment| Moment {
            at: moment.at.to_string(),
            what: moment.what,
        };
        let course = attempt.course.into_iter().map(moment).collect();
        Self { at: attempt.at.to_string(), outcome, detail, course }
    }
}

/// A part of the list of alerts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Alerts {
    /// The newest first.
    pub(crate) alerts: Vec<Alert>,
    /// The value of `before` with which to go on, if there may be more.
    pub(crate) next: Option<u64>,
}

/// How the appliance is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Status {
    /// Whether an alert that came now would wake somebody.
    pub(crate) would_wake: bool,
    /// `good`, `fault`, `mail-only` or `bad`.
    pub(crate) grade: &'static str,
    /// What speaks against it.
    pub(crate) findings: Vec<String>,
    /// Every part by its name.
    pub(crate) parts: BTreeMap<String, PartState>,
    /// The SIM card's balance, where it is asked for and known.
    pub(crate) balance: Option<Balance>,
    /// What must be made known on the spot, since nobody heard of it otherwise.
    pub(crate) alarms: Vec<Alarm>,
    /// Alerts that wait to be told.
    pub(crate) waiting: usize,
    /// Free bytes on the disk of the store.
    pub(crate) free_bytes: Option<u64>,
    /// Seconds since it was started.
    pub(crate) running_seconds: u64,
    pub(crate) version: &'static str,
}

/// The balance of a prepaid SIM card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Balance {
    /// In the operator's currency.
    pub(crate) amount: f64,
    /// When the operator told it.
    #[schema(format = DateTime)]
    pub(crate) at: String,
}

/// An alert of which nobody heard.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Alarm {
    pub(crate) alert: u64,
    /// `untold`: all that was tried has failed; `unacknowledged`: it has waited too long.
    pub(crate) why: &'static str,
    /// Whether somebody has taken note: it sounds no more.
    pub(crate) silenced: bool,
}

/// How a part is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PartState {
    /// `off`, `ok`, `degraded` or `down`.
    pub(crate) state: &'static str,
    /// What is wrong.
    pub(crate) why: Option<String>,
}

/// An alert as a program hands it in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAlert {
    /// People, groups, aliases or addresses, as a mail would name them.
    #[schema(min_items = 1, max_items = 100, example = json!(["oncall"]))]
    pub(crate) to: Vec<String>,
    /// One line that says what is wrong.
    #[schema(min_length = 1, max_length = 1000, example = "Disk full")]
    pub(crate) subject: String,
    /// More about it.
    #[serde(default)]
    #[schema(max_length = 100_000)]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) state: Option<NewState>,
    #[serde(default)]
    pub(crate) severity: Option<NewSeverity>,
    /// The machine or device concerned.
    #[serde(default)]
    #[schema(max_length = 200, example = "web-01")]
    pub(crate) host: Option<String>,
    /// What is wrong on it.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) check: Option<String>,
    /// The source's own number for the problem, the same in its recovery.
    #[serde(default)]
    #[schema(max_length = 60)]
    pub(crate) problem_id: Option<String>,
}

impl NewAlert {
    /// Whether all is within its limits.
    pub(crate) fn is_within_limits(&self) -> bool {
        let short = |text: &Option<String>, most| {
            text.as_ref().is_none_or(|text| text.chars().count() <= most)
        };
        (1..=100).contains(&self.to.len())
            && (1..=1000).contains(&self.subject.chars().count())
            && self.text.chars().count() <= 100_000
            && short(&self.host, 200)
            && short(&self.check, 200)
            && short(&self.problem_id, 60)
    }
}

/// Whether something broke or works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NewState {
    Problem,
    Recovery,
}

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NewSeverity {
    Info,
    Warning,
    Error,
    Critical,
}

impl NewSeverity {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// What became of an alert that was handed in: it is on the disk.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Its number.
    pub(crate) id: u64,
}

/// The webhook of Prometheus Alertmanager and of Grafana (the same form).
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct Webhook {
    /// `firing` or `resolved`.
    #[serde(default)]
    pub(crate) status: String,
    /// Labels that all alerts of it have.
    #[serde(default, rename = "groupLabels")]
    pub(crate) group_labels: BTreeMap<String, String>,
    #[serde(default, rename = "externalURL")]
    pub(crate) external_url: String,
    #[schema(min_items = 1)]
    pub(crate) alerts: Vec<WebhookAlert>,
}

/// One alert of a webhook.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct WebhookAlert {
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Somebody who is told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    /// Short name; that of the path when it is changed.
    #[serde(default)]
    #[schema(example = "ana")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) mail: Option<String>,
    #[serde(default)]
    pub(crate) phone: Option<String>,
    #[serde(default)]
    pub(crate) extension: Option<String>,
    #[serde(default)]
    pub(crate) language: Option<String>,
    #[serde(default)]
    pub(crate) voice: Option<String>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
}

/// How a test by one channel ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Tested {
    pub(crate) channel: &'static str,
    /// `told`, `retry`, `refused` or `spared`.
    pub(crate) outcome: &'static str,
    pub(crate) detail: String,
}

/// Who is in a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Members {
    /// Short names.
    pub(crate) people: Vec<String>,
}

/// A way to tell people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Channel {
    pub(crate) name: &'static str,
    pub(crate) enabled: bool,
}

/// Whether a channel is on.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    pub(crate) enabled: bool,
}

/// The name of a channel.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NewChannel {
    Mail,
    Sms,
    Voip,
    Gsm,
    SipMessage,
}

impl From<NewChannel> for ChannelName {
    fn from(name: NewChannel) -> Self {
        match name {
            NewChannel::Mail => Self::Mail,
            NewChannel::Sms => Self::Sms,
            NewChannel::Voip => Self::Voip,
            NewChannel::Gsm => Self::Gsm,
            NewChannel::SipMessage => Self::SipMessage,
        }
    }
}

/// Which channel begins first.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    #[schema(example = json!(["gsm", "sms", "mail"]))]
    pub(crate) order: Vec<NewChannel>,
}

/// How many deliveries are tried again.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Retried {
    pub(crate) deliveries: usize,
}
