//! A call through a real exchange to a real telephone, which writes down what it hears: that is what
//! was said, without a gap.

use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, g711};
use smtp_appliance::config::{Encryption, SipAccount, SipTransport};
use smtp_appliance::rtp::{Event, Events, Keys, Quality, Session, Stream};
use smtp_appliance::sip::sdp::{Agreed, Codec, CryptoKey, Local};
use smtp_appliance::sip::{Call, CallEvent, Registration, Target};
use tokio::time::{sleep, timeout};

use crate::hearing::{Ear, python};
use crate::support::baresip::{Answer, Baresip, Options, Says};
use crate::support::kamailio::{self, Kamailio};
use crate::support::sip::{Line, PATIENCE, local, next, settings, told};
use crate::support::tshark::Capture;
