//! The pins of a Raspberry Pi, by rppal. All of them fall back to what they were when it is dropped:
//! dark lights say that the program does not run.

use std::collections::BTreeMap;

use rppal::gpio::{Error, Gpio, InputPin, OutputPin};
use rppal::system::DeviceInfo;

use super::{Board, Input, Led, Output};
use crate::config::Pins;

pub(super) struct RaspberryPi {
    outputs: BTreeMap<Output, OutputPin>,
    inputs: BTreeMap<Input, InputPin>,
}

impl RaspberryPi {
    pub(super) fn open(pins: &Pins) -> Result<Self, Error> {
        let gpio = Gpio::new()?;
        let singles = [
            (Output::Led(Led::Health), pins.led_health),
            (Output::Led(Led::Network), pins.led_network),
            (Output::Led(Led::Gsm), pins.led_gsm),
            (Output::Led(Led::Sip), pins.led_sip),
            (Output::Led(Led::Alert), pins.led_alert),
            (Output::Led(Led::Fault), pins.led_fault),
            (Output::Buzzer, pins.buzzer),
            (Output::PowerKey, pins.pwrkey),
            (Output::Reset, pins.reset),
        ];
        let singles = singles.into_iter().filter_map(|(output, pin)| Some((output, pin?)));
        let relays = pins.relays.iter().enumerate();
        let relays = relays.map(|(place, pin)| (Output::Relay(place), *pin));
        let mut outputs = BTreeMap::new();
        for (output, pin) in singles.chain(relays) {
            // Low before it is an output: PWRKEY must not be pressed by the way.
            outputs.insert(output, gpio.get(pin)?.into_output_low());
        }
        let button = pins.button.map(|pin| (Input::Button, pin));
        let contacts = pins.contacts.iter().enumerate();
        let contacts = contacts.map(|(place, pin)| (Input::Contact(place), *pin));
        let mut inputs = BTreeMap::new();
        for (input, pin) in button.into_iter().chain(contacts) {
            inputs.insert(input, gpio.get(pin)?.into_input_pullup());
        }
        if let Some(pin) = pins.status {
            inputs.insert(Input::ModemStatus, gpio.get(pin)?.into_input_pulldown());
        }
        Ok(Self { outputs, inputs })
    }
}

impl Board for RaspberryPi {
    fn name(&self) -> String {
        DeviceInfo::new()
            .map_or_else(|_| "Raspberry Pi".to_owned(), |info| info.model().to_string())
    }

    fn set(&mut self, output: Output, on: bool) {
        if let Some(pin) = self.outputs.get_mut(&output) {
            pin.write(on.into());
        }
    }

    fn is_closed(&self, input: Input) -> bool {
        let pin = self.inputs.get(&input);
        match input {
            Input::Button | Input::Contact(_) => pin.is_some_and(InputPin::is_low),
            // The modem drives it.
            Input::ModemStatus => pin.is_some_and(InputPin::is_high),
        }
    }
}
