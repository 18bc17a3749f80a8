//! The appliance against real programs from Debian and `PyPI`.
