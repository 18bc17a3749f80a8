//! Who we are with an account.

use super::act::Way;
use super::auth::Authentication;
use super::call::Target;
use super::message::{Host, NameAddr, Scheme, Uri, UriError};
use crate::config::{Encryption, Secret, SipAccount, SipTransport};

/// What requests of an account say of us, and where they go.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Our address (AOR), with the name that is shown.
    pub(crate) address: NameAddr,
    pub(crate) transport: SipTransport,
    /// Whether the sound of its calls is encrypted.
    pub(crate) encryption: Encryption,
    user: String,
    password: Option<Secret>,
    domain: Host,
    /// Requests go through a proxy, whomever they are for.
    through_proxy: bool,
    /// The way that the registrar told (RFC 3608); calls take it.
    pub(crate) service_route: Vec<NameAddr>,
}

impl Identity {
    /// Reads an account.
    ///
    /// # Errors
    /// If the domain is no host.
    pub(crate) fn of(account: &SipAccount) -> Result<Self, UriError> {
        let domain: Host = account.domain.parse()?;
        let mut address = NameAddr::new(Uri::sip(Some(&account.extension), domain.clone()));
        address.display.clone_from(&account.display_name);
        let user = account.user.as_ref().unwrap_or(&account.extension).clone();
        Ok(Self {
            address,
            transport: account.transport,
            encryption: account.srtp,
            user,
            password: account.password.clone(),
            domain,
            through_proxy: account.proxy.is_some(),
            service_route: Vec::new(),
        })
    }

    pub(crate) fn authentication(&self) -> Authentication {
        Authentication::new(self.user.clone(), self.password.clone())
    }

    /// For requests to that address. Strangers are given nothing: by an answer to a challenge of
    /// their choice they could try passwords.
    pub(crate) fn authentication_for(&self, target: &Uri) -> Authentication {
        let is_ours = self.way(target) == Way::Account || !self.service_route.is_empty();
        let password = self.password.clone().filter(|_| is_ours);
        Authentication::new(self.user.clone(), password)
    }

    /// The address of the domain itself, which is registered with.
    pub(crate) fn registrar(&self) -> Uri {
        Uri::sip(None, self.domain.clone())
    }

    /// The address of whom is meant.
    pub(crate) fn target(&self, to: &Target) -> Uri {
        match to {
            Target::Extension(extension) => Uri::sip(Some(extension), self.domain.clone()),
            Target::Number(number) => Uri::sip(Some(number.as_str()), self.domain.clone()),
            // A telephone number is dialled by the exchange.
            Target::Uri(to) if to.scheme == Scheme::Tel => {
                Uri::sip(to.user.as_deref(), self.domain.clone())
            }
            Target::Uri(to) => to.clone(),
        }
    }

    /// Where a request for that address goes, outside of a dialog.
    pub(crate) fn way(&self, target: &Uri) -> Way {
        match self.service_route.first() {
            _ if self.through_proxy => Way::Account,
            Some(route) if route.uri.host != self.domain => Way::Uri(route.uri.clone()),
            Some(_) => Way::Account,
            None if target.host == self.domain && target.port.is_none() => Way::Account,
            None => Way::Uri(target.clone()),
        }
    }
}
