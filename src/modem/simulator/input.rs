//! Bytes from the terminal → command lines and messages (V.250 section 5.2). Pure.

/// Longest command line (556 characters on a SIM900) and longest message with some room.
const MAX_LINE_BYTES: usize = 1024;

const CTRL_Z: u8 = 0x1A;
const ESCAPE: u8 = 0x1B;

/// What the terminal has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A command line, from its `AT` on.
    Line(String),
    /// `A/`: the last line again.
    Again,
    /// The message after the prompt.
    Message(Vec<u8>),
    /// Escape instead of it.
    Cancel,
}

/// Gathers bytes.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    bytes: Vec<u8>,
}

impl Terminal {
    /// Takes a byte in. `at_prompt`: a message is awaited.
    pub(super) fn push(&mut self, byte: u8, at_prompt: bool) -> Option<Input> {
        if at_prompt { self.push_message(byte) } else { self.push_line(byte) }
    }

    fn push_message(&mut self, byte: u8) -> Option<Input> {
        match byte {
            CTRL_Z => Some(Input::Message(std::mem::take(&mut self.bytes))),
            ESCAPE => {
                self.bytes.clear();
                Some(Input::Cancel)
            }
            _ => {
                self.keep(byte);
                None
            }
        }
    }

    fn push_line(&mut self, byte: u8) -> Option<Input> {
        match byte {
            b'\r' => {
                let bytes = std::mem::take(&mut self.bytes);
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                let at = text.to_ascii_uppercase().find("AT")?;
                text.get(at..).map(|line| Input::Line(line.trim().to_owned()))
            }
            b'/' if matches!(self.bytes.as_slice(), [b'a' | b'A']) => {
                self.bytes.clear();
                Some(Input::Again)
            }
            0x08 | 0x7F => {
                self.bytes.pop();
                None
            }
            // Control characters, line feed among them, are ignored (V.250 section 5.2.2).
            0..0x20 => None,
            _ => {
                self.keep(byte);
                None
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.bytes.len() < MAX_LINE_BYTES {
            self.bytes.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_messages_are_told_apart() {
        let line = |text: &str| Input::Line(text.to_owned());
        let rows: [(&[u8], bool, Vec<Input>); 6] = [
            (b"AT\rAT+CSQ\r\n", false, vec![line("AT"), line("AT+CSQ")]),
            (b"\xff\x00garbageat+cxsq\x08\x08\x08sq\r", false, vec![line("at+csq")]),
            (b"no\rA/a/", false, vec![Input::Again, Input::Again]),
            (b"\x1b\rATI\r", false, vec![line("ATI")]),
            (b"hi\rthere\x1a", true, vec![Input::Message(b"hi\rthere".to_vec())]),
            (b"hi\x1b", true, vec![Input::Cancel]),
        ];
        for (bytes, at_prompt, expected) in rows {
            let mut terminal = Terminal::default();
            let read = bytes.iter().filter_map(|byte| terminal.push(*byte, at_prompt));
            assert_eq!(read.collect::<Vec<_>>(), expected);
        }
    }
}
