//! Recovery codes: each takes the place of the second factor once, for whoever has lost the telephone.

use super::token::{digest, letters};

/// How many there are.
const MANY: usize = 8;

/// New codes as they are shown once; nothing if the system has no random numbers.
pub(in crate::web) fn make() -> Option<Vec<String>> {
    (0..MANY).map(|_| letters()).collect()
}

/// As which a code is kept and looked for. What was typed may have other blanks, hyphens and capitals.
pub(in crate::web) fn kept(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    digest(&letters.collect::<String>().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let codes = make().unwrap();
        assert_eq!(codes.len(), MANY);
        let code = codes.first().unwrap();
        assert_eq!(code.len(), 19, "{code}");
        for typed in [code.clone(), code.to_uppercase(), code.replace('-', " ")] {
            assert_eq!(kept(&typed), kept(code));
        }
        assert_ne!(kept(code), kept(codes.last().unwrap()));
        assert!(!kept(code).contains(code.get(..4).unwrap()));
    }
}
