//! States, severities, channels and outcomes as words with a colour; the word alone is enough.

use maud::{Markup, html};

use crate::alert::Severity;
use crate::channel::{Outcome, Reach};
use crate::config::ChannelName;
use crate::control::State;
use crate::queue::Progress;
use crate::web::words::Words;

pub(in crate::web) const fn state_word(state: State, words: &Words) -> &'static str {
    match state {
        State::Waiting => words.state_waiting,
        State::Told => words.state_told,
        State::Partly => words.state_partly,
        State::Failed => words.state_failed,
        State::Dropped => words.state_dropped,
    }
}

pub(in crate::web) fn state(state: State, words: &Words) -> Markup {
    let class = format!("badge s-{}", state.as_str());
    html! { span class=(class) { (state_word(state, words)) } }
}

pub(in crate::web) fn severity(severity: Option<Severity>, words: &Words) -> Markup {
    let Some(known) = severity else {
        return html! { span.badge.v-none { (words.sev_unknown) } };
    };
    let class = format!("badge v-{}", known.as_str());
    html! { span class=(class) { (severity_word(known, words)) } }
}

pub(in crate::web) const fn severity_word(severity: Severity, words: &Words) -> &'static str {
    match severity {
        Severity::Critical => words.sev_critical,
        Severity::Error => words.sev_error,
        Severity::Warning => words.sev_warning,
        Severity::Info => words.sev_info,
    }
}

pub(in crate::web) const fn channel(channel: ChannelName, words: &Words) -> &'static str {
    match channel {
        ChannelName::Mail => words.mail_channel,
        ChannelName::Sms => words.sms_channel,
        ChannelName::Voip => words.voip_channel,
        ChannelName::Gsm => words.gsm_channel,
        ChannelName::SipMessage => words.sip_message_channel,
    }
}

pub(in crate::web) const fn reach(reach: Reach, words: &Words) -> &'static str {
    match reach {
        Reach::HandedOver => words.reach_handed_over,
        Reach::Delivered => words.reach_delivered,
        Reach::Answered => words.reach_answered,
        Reach::Acknowledged => words.reach_acknowledged,
    }
}

pub(in crate::web) fn progress(progress: Progress, words: &Words) -> Markup {
    let (class, word) = match progress {
        Progress::Open => ("badge s-waiting", words.open),
        Progress::Told(how_far) => ("badge s-told", reach(how_far, words)),
        Progress::Failed => ("badge s-failed", words.failed),
        Progress::Spared => ("badge s-dropped", words.spared),
    };
    html! { span class=(class) { (word) } }
}

/// How an attempt ended: a word, and what the carrier said.
pub(in crate::web) fn outcome<'a>(
    outcome: &'a Outcome,
    words: &Words,
) -> (&'static str, &'static str, &'a str) {
    match outcome {
        Outcome::Told { reach: how_far, detail, .. } => ("good", reach(*how_far, words), detail),
        Outcome::Retry(reason) => ("warn", words.will_retry, reason),
        Outcome::Refused(reason) => ("bad", words.gave_up, reason),
        Outcome::Spared(reason) => ("plain", words.spared, reason),
    }
}
