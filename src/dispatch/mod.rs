//! Who is told, by which channel, when, and when again.
