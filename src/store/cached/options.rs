//! What a deployment may choose.

use std::time::Duration;

use crate::limits;

/// How a [`Cached`](super::Cached) uses its Redis.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CachedOptions {
    /// What keys begin with. Change it with the form of the views, so that a new version shows none of the old ones.
    pub space: String,
    /// How long a view is kept, from when it was rendered.
    pub keep: Duration,
    /// How long a reader waits for an answer of Redis. Then it goes without.
    pub answer: Duration,
    /// How long a new connection may take. Readers do not wait for it; an erasure does.
    pub connect: Duration,
    /// How long a Redis that failed is left alone.
    pub pause: Duration,
}

impl CachedOptions {
    /// The same with another beginning of keys.
    #[must_use]
    pub fn with_space(mut self, space: impl Into<String>) -> Self {
        self.space = space.into();
        self
    }

    /// The same with another time to keep a view.
    #[must_use]
    pub const fn with_keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// The same with another wait for an answer.
    #[must_use]
    pub const fn with_answer(mut self, answer: Duration) -> Self {
        self.answer = answer;
        self
    }

    /// The same with another time for a new connection.
    #[must_use]
    pub const fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// The same with another pause after a failure.
    #[must_use]
    pub const fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}

impl Default for CachedOptions {
    fn default() -> Self {
        Self {
            space: "holdall".to_owned(),
            keep: Duration::from_millis(limits::CACHE_KEEP_MS),
            answer: Duration::from_millis(limits::CACHE_ANSWER_MS),
            connect: Duration::from_millis(limits::CACHE_CONNECT_MS),
            pause: Duration::from_millis(limits::CACHE_PAUSE_MS),
        }
    }
}
