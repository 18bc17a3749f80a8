//! The first start: a token that proves that whoever sets the first password sees the console, the
//! journal or the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::token::letters;
use crate::web::private;

/// Letters of the token.
const LENGTH: usize = 16;

/// The token of an appliance that nobody has set up.
#[derive(Debug, Clone)]
pub struct SetupToken {
    token: String,
    file: PathBuf,
}

impl SetupToken {
    /// The one that was made before, else a new one; kept in the file `setup-token` in the web
    /// folder of the store.
    ///
    /// # Errors
    /// If it cannot be made or kept.
    pub fn have(folder: &Path) -> io::Result<Self> {
        let file = folder.join("setup-token");
        if let Ok(kept) = fs::read_to_string(&file)
            && kept.trim().len() >= LENGTH
        {
            return Ok(Self { token: kept.trim().to_owned(), file });
        }
        let token = letters().ok_or_else(|| io::Error::other("no random numbers"))?;
        private::write(&file, &format!("{token}\n"))?;
        Ok(Self { token, file })
    }

    /// The token, for the console.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.token
    }

    /// Whether what somebody typed is it.
    #[must_use]
    pub fn is(&self, typed: &str) -> bool {
        // Hashes are compared, so that the time tells nothing about the token.
        super::token_digest(typed.trim()) == super::token_digest(&self.token)
    }

    /// It is used up.
    pub fn forget(&self) {
        if let Err(error) = fs::remove_file(&self.file) {
            tracing::warn!(%error, "cannot remove the set-up token; it is of no use any more");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_the_same_until_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let token = SetupToken::have(folder.path()).unwrap();
        let again = SetupToken::have(folder.path()).unwrap();
        assert_eq!(token.reveal(), again.reveal());
        assert!(token.reveal().len() >= 16 && token.is(&format!(" {} ", token.reveal())));
        assert!(!token.is("") && !token.is("0000-0000-0000-0000"));
        token.forget();
        assert_ne!(SetupToken::have(folder.path()).unwrap().reveal(), token.reveal());
    }
}
