//! The result of parsing a part of a story.

/// Result of parsing; the error says what is wrong.
pub(super) type Parsed<T> = Result<T, String>;
