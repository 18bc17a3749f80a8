//! The other ends of a demonstration: peers on loopback that speak the real protocols. The tests
//! use the same.

pub mod relay;
