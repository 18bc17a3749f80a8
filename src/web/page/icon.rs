//! Icons of our own: strokes on a grid of 24, in the colour of the text beside them.

use maud::{Markup, PreEscaped};

/// One icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Icon {
    Pulse,
    Bell,
    Chart,
    People,
    Flask,
    Gear,
    Lines,
    Key,
    Book,
    Box,
    Person,
    Plug,
    Check,
    Cross,
    Phone,
    Envelope,
    Speech,
    Funnel,
    Eye,
    Logo,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Pulse => "M3 12h4l3-8 4 16 3-8h4",
            Self::Bell => "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
            Self::Chart => "M4 4v16h16M8 16v-5M12 16V7M16 16v-8",
            Self::People => {
                "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21a7 7 0 0 1 14 0M16 3.5a4 4 0 0 1 0 7M18 15a7 \
                 7 0 0 1 4 6"
            }
            Self::Flask => "M9 3h6M10 3v6L4 20h16L14 9V3M7 15h10",
            Self::Gear => {
                "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6M12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 \
                 3M19 5l-3 3M8 16l-3 3"
            }
            Self::Lines => "M4 6h16M4 10h10M4 14h16M4 18h8",
            Self::Key => "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 12h9v4M17 12v3",
            Self::Book => {
                "M4 4h7a2 2 0 0 1 2 2v15a3 3 0 0 0-3-2H4zM20 4h-5a2 2 0 0 0-2 2v15a3 3 0 0 1 3-2h4z"
            }
            Self::Box => "M3 7l9-4 9 4v10l-9 4-9-4zM3 7l9 4 9-4M12 11v10",
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21a8 8 0 0 1 16 0",
            Self::Plug => "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
            Self::Check => "M4 13l5 5L20 6",
            Self::Cross => "M6 6l12 12M18 6L6 18",
            Self::Phone => {
                "M5 3h4l2 5-3 2a12 12 0 0 0 6 6l2-3 5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2"
            }
            Self::Envelope => "M3 6h18v12H3zM3 7l9 7 9-7",
            Self::Speech => "M4 5h16v11H10l-5 4v-4H4z",
            Self::Funnel => "M3 5h18l-7 8v6l-4 2v-8z",
            Self::Eye => {
                "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6"
            }
            Self::Logo => "M4 7h10v9H4zM4 8l5 4 5-4M17 8a5 5 0 0 1 0 7M19.500 5.500a9 9 0 0 1 0 12",
        }
    }

    /// The icon; a screen reader passes over it, since words stand beside it.
    pub(in crate::web) fn show(self) -> Markup {
        let path = self.path();
        PreEscaped(format!(
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\">\
             <path d=\"{path}\"/></svg>"
        ))
    }
}
