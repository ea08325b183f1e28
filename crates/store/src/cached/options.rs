//! What a deployment may choose.

use std::time::Duration;

use holdall::limits;

/// How a [`RedisViewCache`](super::RedisViewCache) uses its Redis.
#[derive(Clone, Debug)]
pub struct RedisViewOptions {
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

impl Default for RedisViewOptions {
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
