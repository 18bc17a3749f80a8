//! Which field a fault of the file is about.

use super::typed::{Item, path};
use super::{Field, Section, Shape};
use crate::config::Fault;

/// What is wrong with what was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Beside {
    /// With each field, in their order.
    pub(in crate::web) fields: Vec<Vec<String>>,
    /// With the name of the table.
    pub(in crate::web) name: Vec<String>,
    /// Elsewhere, with its key.
    pub(in crate::web) rest: Vec<String>,
}

/// Which field each fault of the file is about.
pub(in crate::web) fn beside(section: &Section, item: &Item, faults: &[Fault]) -> Beside {
    let base = path(section, item).keys.join(".");
    let mut beside = Beside { fields: vec![Vec::new(); section.fields.len()], ..Beside::default() };
    for fault in faults {
        let place = place_of(section, &base, fault);
        let own = place.and_then(|place| beside.fields.get_mut(place));
        match own {
            Some(own) => own.push(fault.message.clone()),
            None if fault.key == base && section.shape == Shape::Named => {
                beside.name.push(fault.message.clone());
            }
            None => {
                let key = if fault.key.is_empty() { "" } else { ": " };
                beside.rest.push(format!("{}{key}{}", fault.key, fault.message));
            }
        }
    }
    beside
}

fn place_of(section: &Section, base: &str, fault: &Fault) -> Option<usize> {
    let below = if fault.key == base {
        // What is missing has no place of its own: "`device` is missing".
        fault.message.split('`').nth(1)?
    } else {
        fault.key.strip_prefix(base)?.strip_prefix('.')?
    };
    let is_of = |field: &Field| {
        let rest = below.strip_prefix(field.key);
        field.key.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    section.fields.iter().position(is_of)
}
