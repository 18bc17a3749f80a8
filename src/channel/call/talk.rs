//! Carries out one call on a line: waits for the answer, holds the conversation, and says truly
//! what came of it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::conversation::{Account, Conversation, Lengths, Passage, Rules, Step};
use super::line::{Line, LineEnd, LineEvent, Sound, Voice};
use super::progress::{Diary, Happening};
use super::source::Source;
use crate::channel::{Outcome, Reach};
use crate::config::Audio;
use crate::speech::script::Script;

/// How long the line may take to end when we hang up, and the sound to open after the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be told in a call, and how.
pub struct Talk<'a> {
    /// All that may be said, in words.
    pub script: &'a Script,
    /// The key that accepts.
    pub key: char,
    /// How often, how long.
    pub rules: Rules,
    /// Who says it.
    pub voice: &'a dyn Voice,
    /// What is heard in place of the message, and the sound card it may come from.
    pub source: Option<(&'a Source, &'a Audio)>,
}

/// How the conversation ended.
enum End {
    /// It came to its end, or the line's.
    Over(Option<LineEnd>),
    /// Nothing can be said any more.
    Mute(String),
}

type Opening = JoinHandle<Result<Box<dyn Sound>, String>>;

impl Talk<'_> {
    /// Makes the call to its end.
    pub async fn hold(&self, line: &mut dyn Line, diary: &mut Diary) -> Outcome {
        for sentence in self.sentences() {
            self.voice.prepare(sentence);
        }
        let opening = match answered(line, diary).await {
            Ok(opening) => opening.unwrap_or_else(|| tokio::spawn(line.sound())),
            Err(outcome) => return outcome,
        };
        let mut conversation = Conversation::new(self.rules, self.lengths(), self.key);
        let (end, sound) = match opened(opening).await {
            Ok(sound) => {
                (self.converse(line, &*sound, &mut conversation, diary).await, Some(sound))
            }
            Err(fault) => (End::Mute(format!("there was no sound: {fault}")), None),
        };
        let (end, mute) = match end {
            End::Over(Some(end)) => (end, None),
            End::Over(None) => (hung_up(line, diary).await, None),
            End::Mute(why) => (hung_up(line, diary).await, Some(why)),
        };
        diary.note(Happening::HungUp(describe_end(&end)));
        if let Some(sound) = sound {
            close(sound).await;
        }
        let account = conversation.account();
        match mute {
            Some(why) if !account.acknowledged => {
                tracing::error!(why, "A CALL WAS ANSWERED AND NOTHING COULD BE SAID");
                Outcome::Retry(format!("answered, but {why}"))
            }
            Some(_) | None => self.outcome(&account, &end),
        }
    }

    /// Holds the conversation until it, the line or the sound ends.
    async fn converse(
        &self,
        line: &mut dyn Line,
        sound: &dyn Sound,
        conversation: &mut Conversation,
        diary: &mut Diary,
    ) -> End {
        let mut step = conversation.begin();
        while step != Step::HangUp {
            match self.sentence(step) {
                Some(text) => diary.note(Happening::Says(text.to_owned())),
                None if matches!(step, Step::Listen(_)) => diary.note(Happening::Listens),
                None => {}
            }
            let times = conversation.account().times;
            let doing = self.perform(step, sound);
            tokio::pin!(doing);
            let (next, broken_off) = loop {
                tokio::select! {
                    done = &mut doing => match done {
                        Ok(()) => break (conversation.done(), false),
                        Err(why) => return End::Mute(why),
                    },
                    event = line.next() => match event {
                        LineEvent::Key(key) => {
                            diary.note(Happening::Key(key));
                            // What changes nothing lets her hear on.
                            if let Some(next) = conversation.key(key, Instant::now().into_std()) {
                                break (next, true);
                            }
                        }
                        LineEvent::Heard => if let Some(next) = conversation.heard() {
                            break (next, true);
                        },
                        LineEvent::Ended(end) => return End::Over(Some(end)),
                        LineEvent::Dialling | LineEvent::Ringing | LineEvent::Answered => {}
                    },
                }
            };
            if broken_off {
                sound.clear();
            }
            let account = conversation.account();
            if account.times > times {
                diary.note(Happening::Said(account.times));
            }
            if account.acknowledged && broken_off {
                diary.note(Happening::Acknowledged);
            }
            step = next;
        }
        End::Over(None)
    }

    /// Resolves when the step has come to its end; an error when nothing can be heard.
    async fn perform(&self, step: Step, sound: &dyn Sound) -> Result<(), String> {
        match step {
            Step::Pause(time) | Step::Listen(time) | Step::Linger(time) => sleep(time).await,
            Step::HangUp => {}
            Step::Say(passage, _) => {
                let Some(sentence) = self.sentence(step) else { return Ok(()) };
                if let (Passage::Message, Some((source, card))) = (passage, self.source) {
                    return source.play(card, sound).await;
                }
                match (self.voice.say(sentence).await, passage) {
                    (Ok(pcm), _) => {
                        sound.play(pcm).await?;
                        sound.drained().await?;
                    }
                    (Err(why), Passage::Message | Passage::Prompt) => {
                        return Err(format!("no speech: {why}"));
                    }
                    (Err(why), Passage::Greeting | Passage::Thanks | Passage::WrongKey) => {
                        tracing::warn!(why, "a sentence of a call cannot be said");
                    }
                }
            }
        }
        Ok(())
    }

    fn passage(&self, passage: Passage) -> &[String] {
        match passage {
            Passage::Greeting => &self.script.greeting,
            Passage::Message => &self.script.message,
            Passage::Prompt => &self.script.prompt,
            Passage::Thanks => &self.script.thanks,
            Passage::WrongKey => &self.script.wrong_key,
        }
    }

    /// The sentence that a step says.
    fn sentence(&self, step: Step) -> Option<&str> {
        match step {
            Step::Say(passage, index) => self.passage(passage).get(index).map(String::as_str),
            Step::Pause(_) | Step::Listen(_) | Step::Linger(_) | Step::HangUp => None,
        }
    }

    /// All sentences, in the order in which they will be wanted.
    fn sentences(&self) -> impl Iterator<Item = &str> {
        use Passage::{Greeting, Message, Prompt, Thanks, WrongKey};
        let passages = [Greeting, Message, Prompt, Thanks, WrongKey];
        let made = |passage: &Passage| *passage != Message || self.source.is_none();
        let passages = passages.into_iter().filter(made);
        passages.flat_map(|passage| self.passage(passage)).map(String::as_str)
    }

    fn lengths(&self) -> Lengths {
        Lengths {
            greeting: self.script.greeting.len(),
            message: self.script.message.len(),
            prompt: self.script.prompt.len(),
            thanks: self.script.thanks.len(),
            wrong_key: self.script.wrong_key.len(),
        }
    }

    /// What came of an answered call.
    fn outcome(&self, account: &Account, end: &LineEnd) -> Outcome {
        let mut words = vec![match account.times {
            0 => format!("{} of {} sentences said", account.sentences, self.script.message.len()),
            1 => "said once".to_owned(),
            times => format!("said {times} times"),
        }];
        words.extend((account.again > 0).then(|| format!("asked for again {}", account.again)));
        words
            .extend((account.wrong_keys > 0).then(|| format!("wrong keys {}", account.wrong_keys)));
        let told = |reach, words: &[String]| Outcome::Told {
            reach,
            detail: words.join(", "),
            receipts: Vec::new(),
        };
        if account.acknowledged {
            words.push(format!("key {}", self.key));
            return told(Reach::Acknowledged, &words);
        }
        words.push(describe_end(end));
        match end {
            LineEnd::Failed(_) | LineEnd::Refused(_) if account.times == 0 => {
                Outcome::Retry(format!("answered, then broke off: {}", words.join(", ")))
            }
            LineEnd::Failed(_)
            | LineEnd::Refused(_)
            | LineEnd::HungUp
            | LineEnd::FarEnd
            | LineEnd::TooLong => told(Reach::Answered, &words),
        }
    }
}

/// Waits for the answer, and opens the sound meanwhile. Else, what came of it.
async fn answered(line: &mut dyn Line, diary: &mut Diary) -> Result<Option<Opening>, Outcome> {
    let mut opening = None;
    loop {
        match line.next().await {
            LineEvent::Dialling => {
                opening = Some(tokio::spawn(line.sound()));
                diary.note(Happening::Dialling);
            }
            LineEvent::Ringing => diary.note(Happening::Ringing),
            LineEvent::Answered => {
                diary.note(Happening::Answered);
                return Ok(opening);
            }
            LineEvent::Key(_) | LineEvent::Heard => {}
            LineEvent::Ended(end) => {
                if let Some(opening) = opening
                    && let Ok(sound) = opened(opening).await
                {
                    close(sound).await;
                }
                let words = describe_end(&end);
                diary.note(Happening::HungUp(words.clone()));
                return Err(match end {
                    LineEnd::Refused(_) => Outcome::Refused(words),
                    LineEnd::HungUp | LineEnd::FarEnd | LineEnd::TooLong | LineEnd::Failed(_) => {
                        Outcome::Retry(words)
                    }
                });
            }
        }
    }
}

/// The sound, which should be open by now.
async fn opened(opening: Opening) -> Result<Box<dyn Sound>, String> {
    match timeout(PATIENCE, opening).await {
        Ok(Ok(sound)) => sound,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the device does not open".to_owned()),
    }
}

/// The next call must find the device free.
async fn close(sound: Box<dyn Sound>) {
    if timeout(PATIENCE, sound.close()).await.is_err() {
        tracing::warn!("the sound device does not close");
    }
}

/// Hangs up, and waits until the line says so.
async fn hung_up(line: &mut dyn Line, diary: &mut Diary) -> LineEnd {
    line.hang_up();
    let end = async {
        loop {
            match line.next().await {
                LineEvent::Ended(end) => break end,
                LineEvent::Key(key) => diary.note(Happening::Key(key)),
                LineEvent::Dialling
                | LineEvent::Ringing
                | LineEvent::Answered
                | LineEvent::Heard => {}
            }
        }
    };
    timeout(PATIENCE, end).await.unwrap_or(LineEnd::HungUp)
}

fn describe_end(end: &LineEnd) -> String {
    match end {
        LineEnd::HungUp => "hung up".to_owned(),
        LineEnd::FarEnd => "the other side hung up".to_owned(),
        LineEnd::TooLong => "the call was as long as it may be".to_owned(),
        LineEnd::Failed(reason) | LineEnd::Refused(reason) => reason.clone(),
    }
}
