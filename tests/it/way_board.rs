//! What the board shows and does while alerts come and go.

use std::time::Duration;

use smtp_appliance::board::{Input, Led, Output, SimulatedControl};
use smtp_appliance::config::ChannelName;
use smtp_appliance::control::{Answer, Request};
use smtp_appliance::demo::relay::{Fault, Step, Trouble};
use smtp_appliance::health::{Alarm, Alert, Part, State, Wakes};

use crate::support::appliance::{Place, Settings};
use crate::support::receiver::soon;

/// How often is looked at the board.
const LOOK_EVERY: Duration = Duration::from_millis(20);

fn with_admin(settings: &mut Settings) {
    settings.people.push_str("\n[board]\nadmin = \"ana\"\n");
    settings.sms.push_str("delivery_report = false\n");
}

async fn until(what: impl Fn() -> bool) {
    soon(async {
        while !what() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
    .await;
}

fn changes(board: &SimulatedControl, output: Output) -> usize {
    board.changes(output).len()
}

/// Waits until an output has changed so often from now on.
async fn changes_by(board: &SimulatedControl, output: Output, count: usize) {
    let before = changes(board, output);
    until(|| changes(board, output) >= before + count).await;
}

/// Presses the button until the board has seen it.
async fn press(board: &SimulatedControl) {
    let all_on = || Led::ALL.into_iter().all(|led| board.is_on(Output::Led(led)));
    // They are at the start, too.
    until(|| !all_on()).await;
    board.close(Input::Button, true);
    // All lights are on while a finger is on the button.
    until(all_on).await;
    board.close(Input::Button, false);
}

#[tokio::test]
async fn the_lights_tell_of_an_alert_from_its_coming_to_its_end() {
    let place = Place::set(with_admin).await;
    let (alert, health) = (Output::Led(Led::Alert), Output::Led(Led::Health));
    let (running, board) = place.start_on_board();
    // Before: all lamps are tried, then it says that it would wake somebody.
    let status = running.is(|status| matches!(status.wakes, Wakes::Yes(_))).await;
    assert_eq!(status.wakes, Wakes::Yes(vec![ChannelName::Sms]));
    assert_eq!(*status.of(Part::Gsm), State::Ok);
    until(|| !board.is_on(alert)).await;
    assert_eq!(board.changes(alert).iter().map(|(_, on)| *on).collect::<Vec<_>>(), [true, false]);
    until(|| board.is_on(health)).await;

    // During: the relay takes its time, and the light goes on and off.
    place.relay.troubles().add(Trouble::always(Step::Dot, Fault::Silence));
    let id = running.send("ana", "Disk full").await;
    running.is(|status| status.alert == Alert::Telling).await;
    changes_by(&board, alert, 4).await;
    // The relay has been waited for in vain; it is tried again.
    let status = running.is(|status| status.last_failure.is_some()).await;
    assert!(matches!(status.of(Part::Relay), State::Down(_)), "{status:?}");
    changes_by(&board, Output::Led(Led::Fault), 4).await;

    // After: told, and dark.
    place.relay.troubles().heal();
    running.idle().await;
    assert!(running.is_told(id));
    let status = running.is(|status| status.alert == Alert::Quiet).await;
    assert_eq!((status.of(Part::Relay), &status.last_failure), (&State::Ok, &None));
    until(|| !board.is_on(alert)).await;
    assert!(board.changes(Output::Buzzer).iter().all(|(_, on)| !on), "nothing to make noise of");
    running.stop().await;
}

#[tokio::test]
async fn an_alert_nobody_could_be_told_of_sounds_until_the_button_is_pressed() {
    let mut place = Place::set(with_admin).await;
    place.change(|settings| settings.sms.push_str("enabled = false\n"));
    place.relay.troubles().add(Trouble::always(Step::Rcpt, Fault::reply("550 unknown")));
    let (running, board) = place.start_on_board();
    let id = running.send("ana", "Disk full").await;
    let status = running.is(|status| !status.alarms.is_empty()).await;
    assert_eq!(status.alarms, [Alarm::Untold(id)]);
    changes_by(&board, Output::Buzzer, 4).await;
    press(&board).await;
    let status = running.is(|status| !status.is_alarming()).await;
    assert_eq!(status.silenced, [Alarm::Untold(id)]);
    // A silent buzzer changes no more, though the alarm stands.
    until(|| !board.is_on(Output::Buzzer)).await;
    changes_by(&board, Output::Led(Led::Fault), 6).await;
    let silent = changes(&board, Output::Buzzer);
    changes_by(&board, Output::Led(Led::Fault), 6).await;
    assert_eq!(changes(&board, Output::Buzzer), silent);
    assert_eq!(place.mails.all().len(), 0, "the press was no test");

    // Told by hand after all: no alarm any more.
    place.relay.troubles().heal();
    place.ask(Request::Retry { id }).await;
    let status = running.is(|status| status.alarms.is_empty()).await;
    assert_eq!(status.silenced, []);
    running.stop().await;
}

#[tokio::test]
async fn a_press_tells_the_admin() {
    let place = Place::set(with_admin).await;
    let (running, board) = place.start_on_board();
    running.is(|status| matches!(status.wakes, Wakes::Yes(_))).await;
    press(&board).await;
    let sms = place.phone.at_least(1).await;
    assert!(sms[0].text.contains("Nothing is wrong"), "{sms:?}");
    assert_eq!(place.mails.at_least(1).await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_held_button_asks_for_provisioning() {
    let place = Place::set(with_admin).await;
    let (running, board) = place.start_on_board();
    board.close(Input::Button, true);
    until(|| place.store().join("reprovision").exists()).await;
    board.close(Input::Button, false);
    running.stop().await;
}

#[tokio::test]
async fn a_modem_that_says_nothing_has_its_key_pressed() {
    let place = Place::set(with_admin).await;
    place.order("silence on").await;
    let (running, board) = place.start_on_board();
    until(|| board.is_on(Output::PowerKey)).await;
    let status = running.is(|status| matches!(status.of(Part::Gsm), State::Down(_))).await;
    assert!(matches!(status.wakes, Wakes::Hardly(_)), "{status:?}");
    assert!(!status.proven);
    until(|| !board.is_on(Output::PowerKey)).await;
    place.order("silence off").await;
    let status = running.is(|status| *status.of(Part::Gsm) == State::Ok).await;
    assert!(status.proven);
    running.stop().await;
}

#[tokio::test]
async fn the_status_is_answered_on_the_control_socket_and_follows_the_configuration() {
    let mut place = Place::set(with_admin).await;
    let running = place.start();
    running.is(|status| matches!(status.wakes, Wakes::Yes(_))).await;
    let Answer::Health { status } = place.ask(Request::Health).await else { panic!() };
    assert_eq!(status.of(Part::Receiver), &State::Ok);
    place.change(|settings| settings.people.push_str("[nonsense]\n"));
    let Answer::Failed { .. } = place.ask(Request::Reload).await else { panic!() };
    let status = running.is(|status| *status.of(Part::Configuration) != State::Ok).await;
    let why = status.of(Part::Configuration).why().unwrap();
    assert!(why.contains("nonsense: unknown key"), "{why}");
    place.change(|settings| settings.people = settings.people.replace("[nonsense]\n", ""));
    running.is(|status| *status.of(Part::Configuration) == State::Ok).await;
    running.stop().await;
}
