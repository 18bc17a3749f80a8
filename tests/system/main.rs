//! The appliance against real programs from Debian, `PyPI` and npm.

mod modem_clients;
