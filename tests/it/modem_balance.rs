//! The SIM card's balance is asked for through the real serial driver, and no alert waits for it.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, also in its helpers")]

use std::time::Duration;

use smtp_appliance::config::{self, ModemBalance};
use smtp_appliance::health::Balance;
use smtp_appliance::modem::balance::find;
use smtp_appliance::modem::{CallEvent, CallRequest, Timing};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::support::modem::{Bench, PATIENCE, TO, bench_with, hasty, heard_until, orders};

const ASKED: &str = "AT+CUSD=1,\"*100#\",15";
const LEFT: &str = "AT+CUSD=2";

fn asks(settings: &mut config::Modem) {
    let interval = Duration::from_hours(24);
    let (code, warning) = ("*100#".to_owned(), "5".parse().ok());
    settings.balance = Some(ModemBalance { code, interval, warning, pattern: None });
}

/// A modem whose operator is asked for the balance.
fn prepaid_with(lines: &[&str], timing: Timing) -> Bench {
    bench_with(|options| options.orders = orders(lines), asks, timing)
}

fn prepaid(lines: &[&str]) -> Bench {
    prepaid_with(lines, hasty())
}

async fn balance(bench: &Bench, wanted: impl Fn(&Balance) -> bool) -> Balance {
    bench.status(|status| status.balance.as_ref().is_some_and(&wanted)).await.balance.unwrap()
}

async fn amount(bench: &Bench) -> String {
    balance(bench, |balance| balance.amount.is_some()).await.amount.unwrap().to_string()
}

async fn trouble(bench: &Bench) -> String {
    balance(bench, |balance| balance.trouble.is_some()).await.trouble.unwrap()
}

/// Lines that the modem has heard since, in order.
fn heard(lines: &mut broadcast::Receiver<String>) -> Vec<String> {
    std::iter::from_fn(|| lines.try_recv().ok()).collect()
}

#[test]
fn operators_of_many_countries_are_understood() {
    let table = include_str!("../dialog/ussd/balances.txt");
    let rows = table.lines().filter_map(|line| line.split_once(" => "));
    let mut count = 0;
    for (text, expected) in rows.filter(|(text, _)| !text.starts_with("##")) {
        let found = find(text, None).map_or("nothing".to_owned(), |amount| amount.to_string());
        assert_eq!(found, expected, "{text}");
        count += 1;
    }
    assert!(count > 50);
}

#[tokio::test]
async fn what_the_operator_writes_is_understood() {
    let rows = [
        ("ussd Saldo: 7,50 EUR", "ussd-answers plain", "7.50"),
        ("ussd Your balance is £4.20 and\\nvalid until 28.12.2027", "ussd-answers plain", "4.20"),
        ("ussd Saldo: €5\\nGracias", "ussd-answers ucs2", "5.00"),
        ("ussd Ваш баланс: 2.22 руб.", "ussd-answers plain", "2.22"),
        ("ussd Saldo 3.00 EUR. 1 Recargar", "ussd-answers question", "3.00"),
        ("ussd Saldo 8.00 EUR", "ussd-answers blocking", "8.00"),
    ];
    for (text, way, expected) in rows {
        let bench = prepaid(&[text, way, "ussd-takes 20ms"]);
        assert_eq!(amount(&bench).await, expected, "{text}");
        let known = balance(&bench, |_| true).await;
        assert_eq!((known.trouble, known.failures), (None, 0));
        assert!(known.at.is_some());
        let poor = expected.parse::<f64>().unwrap() < 5.0;
        assert_eq!(
            bench.modem.status().borrow().balance.as_ref().unwrap().assess().why().is_some(),
            poor
        );
    }
}

#[tokio::test]
async fn a_question_of_the_operator_is_not_left_open() {
    let bench =
        prepaid(&["ussd Saldo 3.00 EUR. 1 Recargar", "ussd-answers question", "ussd-takes 0s"]);
    let mut lines = bench.control.listen();
    heard_until(&mut lines, LEFT).await;
    assert_eq!(amount(&bench).await, "3.00");
}

#[tokio::test]
async fn what_brings_no_amount_is_said() {
    let rows = [
        ("ussd-answers unsupported", "the network takes no such codes"),
        ("ussd-answers cme 30", "no network service (CME error 30)"),
        ("ussd 1 Balance 2 More", "no amount is found in the operator's answer"),
    ];
    for (order, why) in rows {
        let bench = prepaid(&["ussd-takes 0s", order]);
        assert_eq!(trouble(&bench).await, format!("the balance is unknown: {why} (*100#)"));
        // It goes on as if nothing had happened.
        bench.send("hello").await.unwrap();
    }
    let bench = prepaid(&["ussd-takes 0s", "ussd 1 Balance 2 More"]);
    let known = balance(&bench, |balance| balance.trouble.is_some()).await;
    assert_eq!(known.text.as_deref(), Some("1 Balance 2 More"));
}

#[tokio::test]
async fn a_silent_operator_is_given_up() {
    let timing = Timing { balance_answer: Duration::from_millis(50), ..hasty() };
    let bench = prepaid_with(&["ussd-answers nothing"], timing);
    assert_eq!(
        trouble(&bench).await,
        "the balance is unknown: the operator did not answer (*100#)"
    );
    bench.send("hello").await.unwrap();
}

#[tokio::test]
async fn a_message_does_not_wait_for_the_operator() {
    let mut bench = prepaid(&["ussd-answers nothing"]);
    let mut lines = bench.control.listen();
    heard_until(&mut lines, ASKED).await;
    bench.send("hello").await.unwrap();
    assert_eq!(bench.received().await.text, "hello");
    let since = heard(&mut lines);
    let place = |start: &str| since.iter().position(|line| line.starts_with(start)).unwrap();
    assert!(place(LEFT) < place("AT+CMGS"), "{since:?}");
    assert_eq!(balance(&bench, |_| true).await.failures, 0, "that is no fault");
}

#[tokio::test]
async fn a_call_does_not_wait_for_the_operator() {
    let bench =
        prepaid(&["ussd-answers nothing", "connect 5ms", "person answers 5ms hangs-up 5ms"]);
    let mut lines = bench.control.listen();
    heard_until(&mut lines, ASKED).await;
    let (ring_time, max_length) = (PATIENCE, PATIENCE);
    let request = CallRequest { to: TO.parse().unwrap(), ring_time, max_length };
    let mut call = bench.modem.call(request).await;
    let answered = async { while call.next().await.unwrap() != CallEvent::Answered {} };
    timeout(PATIENCE, answered).await.unwrap();
    let since = heard(&mut lines);
    let place = |start: &str| since.iter().position(|line| line.starts_with(start)).unwrap();
    assert!(place(LEFT) < place("ATD"), "{since:?}");
}

/// The answer is on its way when the message goes out, and comes while the network has the message.
#[tokio::test]
async fn an_answer_amid_a_message_is_taken() {
    let mut bench = prepaid(&["ussd-answers nothing"]);
    let mut lines = bench.control.listen();
    heard_until(&mut lines, ASKED).await;
    bench.order("delay 200ms").await;
    let control = bench.control.clone();
    let answering = async {
        while !lines.recv().await.unwrap().starts_with("0011") {}
        control.order("say +CUSD: 0,\"Saldo: 6.00 EUR\",15".parse().unwrap()).await;
    };
    let (sent, ()) = tokio::join!(bench.send("hello"), answering);
    sent.unwrap();
    assert_eq!(bench.received().await.text, "hello");
    assert_eq!(amount(&bench).await, "6.00");
}

/// A module of the oldest standard hears nothing until the operator has answered.
#[tokio::test]
async fn a_module_that_waits_itself_is_borne() {
    let mut bench = prepaid(&["ussd-answers blocking", "ussd-takes 300ms", "ussd Saldo 9 EUR"]);
    let mut lines = bench.control.listen();
    heard_until(&mut lines, ASKED).await;
    bench.send("hello").await.unwrap();
    assert_eq!(bench.received().await.text, "hello");
    assert_eq!(amount(&bench).await, "9.00");
}

/// What is known outlives a new start, and nobody asks again because of it.
#[tokio::test]
async fn a_new_start_of_the_modem_costs_no_question() {
    let mut bench = prepaid(&["ussd-takes 0s"]);
    assert_eq!(amount(&bench).await, "10.00");
    let mut lines = bench.control.listen();
    bench.order("reboot").await;
    heard_until(&mut lines, "AT+CMGL=4").await;
    bench.delivers("hello").await;
    assert_eq!(amount(&bench).await, "10.00");
    assert!(!heard(&mut lines).contains(&ASKED.to_owned()));
}

#[tokio::test]
async fn without_a_network_nobody_asks() {
    let bench = prepaid(&["network searching", "ussd-takes 0s"]);
    let mut lines = bench.control.listen();
    heard_until(&mut lines, "AT+CSQ").await;
    assert!(!heard(&mut lines).contains(&ASKED.to_owned()));
    bench.order("network home").await;
    assert_eq!(amount(&bench).await, "10.00");
}

#[tokio::test]
async fn without_a_code_nobody_asks() {
    let bench = bench_with(|_| {}, |_| {}, hasty());
    let mut lines = bench.control.listen();
    bench.idle().await;
    bench.send("hello").await.unwrap();
    assert!(!heard(&mut lines).iter().any(|line| line.starts_with("AT+CUSD")));
    assert_eq!(bench.modem.status().borrow().balance, None);
}
