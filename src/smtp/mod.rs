//! The receiver: RFC 5321 with what today's clients expect.
