//! The appliance against real programs from Debian and PyPI.

mod modem_clients;
