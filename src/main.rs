//! The program `smtp-appliance`.

fn main() {}
