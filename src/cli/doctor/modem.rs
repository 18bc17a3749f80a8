//! The modem: by the word of the running appliance, or tried here.

use std::time::Duration;

use smtp_appliance::config::{self, Config};
use smtp_appliance::health::{Balance, Gsm, Part, State, bars};
use smtp_appliance::modem::{Modem, ModemState, Timing};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Bench;
use super::finding::{Check, Finding};

/// How long the modem may take to answer, at whatever speed.
const TO_ANSWER: Duration = Duration::from_secs(20);

/// How long it may then take to find its network.
const TO_REGISTER: Duration = Duration::from_secs(40);

/// How long the operator may take to tell the balance.
const TO_TELL: Duration = Duration::from_secs(40);

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
        /// Where it is asked for.
        balance: Option<Balance>,
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
            balance: status.figures.balance.clone(),
        };
    }
    if !bench.running.leaves_devices() {
        return Seen::Hidden;
    }
    bench.waiting.say(check, &format!("waiting for an answer on {}", settings.device.display()));
    let stop = CancellationToken::new();
    // Nothing else wants the modem here.
    let asks = settings.balance.is_some() && bench.asks_balance;
    let timing = Timing { balance_quiet: Duration::ZERO, ..Timing::default() };
    let settings = config::Modem { balance: settings.balance.filter(|_| asks), ..settings };
    let (modem, _events) = Modem::start_with(settings, timing, stop.clone());
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
        if asks && status.borrow().can_send() {
            bench.waiting.say(Check::Balance, "asking the operator");
            let answered = status.wait_for(|status| {
                let known = status.balance.as_ref();
                known.is_none_or(|known| known.amount.is_some() || known.trouble.is_some())
            });
            drop(timeout_at(Instant::now() + TO_TELL, answered).await);
        }
    }
    let last = status.borrow().clone();
    stop.cancel();
    modem.stopped().await;
    let name = last.model.clone();
    let gsm = Gsm::from(last);
    let (answers, state) = (gsm.answers, gsm.assess());
    let Gsm { signal_dbm, operator, balance, .. } = gsm;
    Seen::Modem { model: name, answers, state, signal_dbm, operator, balance }
}

impl Seen {
    /// What that means for one of the three checks.
    pub(super) fn finding(&self, check: Check, config: &Config) -> Option<Finding> {
        let (model, answers, state, signal_dbm, operator, balance) = match self {
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
            Self::Modem { model, answers, state, signal_dbm, operator, balance } => {
                (model, *answers, state, *signal_dbm, operator, balance)
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
            Check::Gsm | Check::Signal | Check::Balance if !answers => None,
            Check::Gsm => Some(gsm(state, operator.as_deref())),
            Check::Signal => Some(signal(signal_dbm)),
            Check::Balance => balance.as_ref().map(self::balance),
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

fn balance(balance: &Balance) -> Finding {
    let check = Check::Balance;
    let wrote = |text: &String| format!("; the operator wrote \"{text}\"");
    match (balance.amount, balance.assess(), &balance.trouble) {
        (Some(_), State::Degraded(why) | State::Down(why), _) => {
            Finding::warning(check, why, "a card that runs dry sends no SMS and makes no call")
        }
        (Some(amount), State::Ok | State::Off, _) => Finding::ok(check, amount.to_string()),
        (None, _, Some(trouble)) => {
            let advice = "is `code` under [modem.balance] the operator's? `pattern` says where the \
                          amount stands in its answer";
            let wrote = balance.text.as_ref().map(wrote).unwrap_or_default();
            Finding::warning(check, format!("{trouble}{wrote}"), advice)
        }
        (None, _, None) => Finding::warning(check, "not known yet", "ask again in a minute"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(seen: &Seen) -> Vec<String> {
        let config = Config::parse("[modem]\ndevice = \"/dev/modem\"\n").unwrap().config;
        let checks = [Check::Modem, Check::Gsm, Check::Signal, Check::Balance].into_iter();
        let found = checks.filter_map(|check| seen.finding(check, &config));
        found.map(|found| found.to_string().lines().next().unwrap().to_owned()).collect()
    }

    fn modem(answers: bool, state: State, signal_dbm: Option<i16>) -> Seen {
        let (model, operator) = (Some("SIM900".to_owned()), Some("Movistar".to_owned()));
        Seen::Modem { model, answers, state, signal_dbm, operator, balance: None }
    }

    #[test]
    fn the_balance_is_told_where_it_is_asked_for() {
        let amount = |text: &str| Some(text.parse().unwrap());
        let (text, trouble) = (Some("1 Balance 2 More".to_owned()), Some("unknown: ?".to_owned()));
        let rows = [
            (Balance { amount: amount("5"), ..Balance::default() }, "ok       balance        5.00"),
            (
                Balance { amount: amount("1"), warning: amount("5"), ..Balance::default() },
                "warning  balance        1.00 left, less than 5.00: top up the SIM card",
            ),
            (
                Balance { text, trouble, ..Balance::default() },
                "warning  balance        unknown: ?; the operator wrote \"1 Balance 2 More\"",
            ),
            (Balance::default(), "warning  balance        not known yet"),
        ];
        for (known, expected) in rows {
            let mut seen = modem(true, State::Ok, Some(-79));
            let Seen::Modem { balance, .. } = &mut seen else { unreachable!() };
            *balance = Some(known);
            assert_eq!(lines(&seen).last().unwrap(), expected);
        }
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
