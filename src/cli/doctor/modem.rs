//! The modem: by the word of the running appliance, or tried here.

use std::time::Duration;

use smtp_appliance::config::Config;
use smtp_appliance::health::{Gsm, Part, State, bars};
use smtp_appliance::modem::{Modem, ModemState};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Bench;
use super::finding::{Check, Finding};

/// How long the modem may take to answer, at whatever speed.
const TO_ANSWER: Duration = Duration::from_secs(20);

/// How long it may then take to find its network.
const TO_REGISTER: Duration = Duration::from_secs(40);

/// What is known of the modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// None is configured.
    None,
    /// It belongs to an appliance that does not tell.
    Hidden,
    /// This.
    Modem {
        /// Its name, where it is known.
        model: Option<String>,
        answers: bool,
        state: State,
        signal_dbm: Option<i16>,
        operator: Option<String>,
    },
}

/// Finds out how the modem is.
pub(super) async fn look(bench: &Bench, check: Check) -> Seen {
    let Some(settings) = bench.config.modem.clone() else { return Seen::None };
    if let Some(status) = bench.status() {
        return Seen::Modem {
            model: None,
            answers: status.figures.modem_answers.unwrap_or(false),
            state: status.of(Part::Gsm).clone(),
            signal_dbm: status.figures.signal_dbm,
            operator: status.figures.operator.clone(),
        };
    }
    if !bench.running.leaves_devices() {
        return Seen::Hidden;
    }
    bench.waiting.say(check, &format!("waiting for an answer on {}", settings.device.display()));
    let stop = CancellationToken::new();
    let (modem, _events) = Modem::start(settings, stop.clone());
    let mut status = modem.status();
    let answer = Instant::now() + TO_ANSWER;
    let decided = status.wait_for(|status| status.state != ModemState::Starting);
    drop(timeout_at(answer, decided).await);
    if status.borrow().state == ModemState::Ready {
        bench.waiting.say(check, "waiting for its network");
        let registered = Instant::now() + TO_REGISTER;
        let whole = status.wait_for(|status| {
            let known = status.signal_dbm.is_some() && status.operator.is_some();
            status.can_send() && known || status.state != ModemState::Ready
        });
        drop(timeout_at(registered, whole).await);
    }
    let last = status.borrow().clone();
    stop.cancel();
    modem.stopped().await;
    let name = last.model.clone();
    let gsm = Gsm::from(last);
    let (answers, state) = (gsm.answers, gsm.assess());
    let (signal_dbm, operator) = (gsm.signal_dbm, gsm.operator);
    Seen::Modem { model: name, answers, state, signal_dbm, operator }
}

impl Seen {
    /// What that means for one of the three checks.
    pub(super) fn finding(&self, check: Check, config: &Config) -> Option<Finding> {
        let (model, answers, state, signal_dbm, operator) = match self {
            Self::None => {
                let is_first = check == Check::Modem;
                return is_first
                    .then(|| Finding::ok(check, "none is configured: no SMS, no calls by GSM"));
            }
            Self::Hidden => {
                let advice = "ask as the appliance's user or as root";
                let is_first = check == Check::Modem;
                return is_first
                    .then(|| Finding::warning(check, "the running appliance has it", advice));
            }
            Self::Modem { model, answers, state, signal_dbm, operator } => {
                (model, *answers, state, *signal_dbm, operator)
            }
        };
        let device = config.modem.as_ref().map(|modem| modem.device.display().to_string());
        let device = device.unwrap_or_default();
        match check {
            Check::Modem if answers => {
                let model = model.as_deref().unwrap_or("it");
                Some(Finding::ok(check, format!("{model} answers on {device}")))
            }
            Check::Modem => {
                let why = state.why().unwrap_or("no answer").to_owned();
                let advice = "is it powered (the SIM900 wants 2 A) and switched on by PWRKEY? RXD to \
                              TXD and TXD to RXD? is `device` under [modem] the right one?";
                Some(Finding::failed(check, format!("{device}: {why}"), advice))
            }
            // What does not answer has no SIM card to speak of.
            Check::Gsm | Check::Signal if !answers => None,
            Check::Gsm => Some(gsm(state, operator.as_deref())),
            Check::Signal => Some(signal(signal_dbm)),
            Check::Configuration
            | Check::Smtp
            | Check::People
            | Check::Audio
            | Check::Voices
            | Check::Sip
            | Check::Relay
            | Check::Network
            | Check::Clock
            | Check::Disk
            | Check::Store
            | Check::Power => None,
        }
    }
}

fn gsm(state: &State, operator: Option<&str>) -> Finding {
    let check = Check::Gsm;
    let operator = operator.unwrap_or("a network");
    let sim = "try the SIM card in a telephone: is it whole, unlocked and paid for? 2G modules need a \
               network that still has 2G";
    match state {
        State::Ok | State::Off => Finding::ok(check, format!("registered with {operator}")),
        State::Degraded(why) if why.starts_with("weak") => {
            Finding::ok(check, format!("registered with {operator}"))
        }
        State::Degraded(why) => Finding::warning(check, why, sim),
        State::Down(why) => Finding::failed(check, why, sim),
    }
}

fn signal(dbm: Option<i16>) -> Finding {
    let check = Check::Signal;
    let advice =
        "move the antenna to a window, away from metal and from the board, or take a longer one";
    match dbm.map(|dbm| (dbm, bars(dbm))) {
        None => Finding::warning(check, "unknown", advice),
        Some((dbm, bars @ 0..=1)) => {
            Finding::warning(check, format!("{dbm} dBm, {bars} of 4 bars"), advice)
        }
        Some((dbm, bars)) => Finding::ok(check, format!("{dbm} dBm, {bars} of 4 bars")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(seen: &Seen) -> Vec<String> {
        let config = Config::parse("[modem]\ndevice = \"/dev/modem\"\n").unwrap().config;
        let checks = [Check::Modem, Check::Gsm, Check::Signal].into_iter();
        let found = checks.filter_map(|check| seen.finding(check, &config));
        found.map(|found| found.to_string().lines().next().unwrap().to_owned()).collect()
    }

    fn modem(answers: bool, state: State, signal_dbm: Option<i16>) -> Seen {
        let (model, operator) = (Some("SIM900".to_owned()), Some("Movistar".to_owned()));
        Seen::Modem { model, answers, state, signal_dbm, operator }
    }

    #[test]
    fn each_trouble_is_told_where_it_belongs() {
        assert_eq!(
            lines(&modem(true, State::Ok, Some(-79))),
            [
                "ok       modem          SIM900 answers on /dev/modem",
                "ok       gsm            registered with Movistar",
                "ok       signal         -79 dBm, 3 of 4 bars",
            ]
        );
        assert_eq!(
            lines(&modem(true, State::Down("no SIM card in the modem".into()), None)),
            [
                "ok       modem          SIM900 answers on /dev/modem",
                "FAILED   gsm            no SIM card in the modem",
                "warning  signal         unknown",
            ]
        );
        assert_eq!(
            lines(&modem(true, State::Degraded("weak signal: -105 dBm".into()), Some(-105))),
            [
                "ok       modem          SIM900 answers on /dev/modem",
                "ok       gsm            registered with Movistar",
                "warning  signal         -105 dBm, 1 of 4 bars",
            ]
        );
        assert_eq!(
            lines(&modem(false, State::Down("no answer from the modem".into()), None)),
            ["FAILED   modem          /dev/modem: no answer from the modem"]
        );
        assert_eq!(lines(&Seen::None).len(), 1);
        assert_eq!(lines(&Seen::Hidden), ["warning  modem          the running appliance has it"]);
    }
}
