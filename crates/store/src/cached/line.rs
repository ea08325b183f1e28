//! The line to Redis. A Redis that fails is left alone for a while, so that it costs its readers one wait, not one each.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisError};
use tokio::time::{Instant, timeout};

use super::counts::{Counters, one_more};
use super::options::RedisViewOptions;
use holdall::limits;

/// Answers of a Redis that can serve nobody at the moment.
const OUTAGES: [&str; 5] = ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH"];

/// A key of Redis.
pub(super) type Key = String;

pub(super) struct Line {
    client: redis::Client,
    pub(super) options: RedisViewOptions,
    pub(super) counters: Counters,
    state: Mutex<State>,
    /// Keys that are to be deleted as soon as that can be done.
    owed: Mutex<BTreeSet<Key>>,
}

enum State {
    /// Nobody asked yet, or Redis failed and the pause is over.
    Idle,
    Connecting,
    Up {
        connection: MultiplexedConnection,
        number: u64,
    },
    Down {
        until: Instant,
    },
    Closed,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("options", &self.options).finish_non_exhaustive()
    }
}

/// A connection, and its number: who saw an old one fail does not take the new one for failed.
#[derive(Clone)]
struct Numbered {
    connection: MultiplexedConnection,
    number: u64,
}

impl Line {
    pub(super) fn new(client: redis::Client, options: RedisViewOptions) -> Arc<Self> {
        let (state, owed) = (Mutex::new(State::Idle), Mutex::default());
        Arc::new(Self { client, options, counters: Counters::default(), state, owed })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is only ever replaced whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owed(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn owed_keys(&self) -> usize {
        self.owed().len()
    }

    pub(super) fn owes(&self, key: &Key) -> bool {
        let owed = self.owed();
        !owed.is_empty() && owed.contains(key)
    }

    /// The connection, if there is one at this moment. If there is none and it is time, one is made meanwhile.
    fn ready(self: &Arc<Self>) -> Option<Numbered> {
        let mut state = self.state();
        match &*state {
            State::Up { connection, number } => {
                return Some(Numbered { connection: connection.clone(), number: *number });
            }
            State::Connecting | State::Closed => return None,
            State::Down { until } if Instant::now() < *until => return None,
            State::Down { .. } | State::Idle => {}
        }
        *state = State::Connecting;
        drop(state);
        let line = Arc::clone(self);
        tokio::spawn(async move { line.connect().await });
        None
    }

    /// Makes a connection, pays what is owed on it, and lets it be used.
    async fn connect(&self) -> Option<Numbered> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.connect))
            .set_response_timeout(Some(self.options.answer));
        let made = self.client.get_multiplexed_async_connection_with_config(&config);
        // Its own timeout is about the socket; the greeting behind it has to be in time too.
        let Ok(Ok(connection)) = timeout(self.options.connect, made).await else {
            return self.down();
        };
        let paid = self.pay(connection.clone()).await;
        if paid.is_err() {
            return self.down();
        }
        let number = fresh_number();
        let mut state = self.state();
        if matches!(*state, State::Closed) {
            return None;
        }
        *state = State::Up { connection: connection.clone(), number };
        Some(Numbered { connection, number })
    }

    async fn pay(&self, mut connection: MultiplexedConnection) -> Result<(), RedisError> {
        let owed: Vec<Key> = self.owed().iter().cloned().collect();
        for keys in owed.chunks(limits::CACHE_OWED_BATCH) {
            let _: u64 = redis::cmd("DEL").arg(keys).query_async(&mut connection).await?;
            let mut owed = self.owed();
            for key in keys {
                owed.remove(key);
            }
        }
        Ok(())
    }

    fn down(&self) -> Option<Numbered> {
        let mut state = self.state();
        if !matches!(*state, State::Closed) {
            *state = State::Down { until: Instant::now() + self.options.pause };
        }
        one_more(&self.counters.failed);
        None
    }

    /// Asks over the connection that is there. `None`: there is none, or it failed.
    pub(super) async fn ask<T: FromRedisValue>(self: &Arc<Self>, command: &Cmd) -> Option<T> {
        let Some(numbered) = self.ready() else {
            one_more(&self.counters.skipped);
            return None;
        };
        self.over(numbered, command).await
    }

    async fn over<T: FromRedisValue>(&self, numbered: Numbered, command: &Cmd) -> Option<T> {
        let Numbered { mut connection, number } = numbered;
        match command.query_async(&mut connection).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.failed(&error, number);
                None
            }
        }
    }

    /// No answer, or the answer that nothing can be had now, is an outage. A refusal of this one command is none.
    fn failed(&self, error: &RedisError, number: u64) {
        one_more(&self.counters.failed);
        if error.code().is_some_and(|code| !OUTAGES.contains(&code)) {
            return;
        }
        let mut state = self.state();
        if matches!(&*state, State::Up { number: now, .. } if *now == number) {
            *state = State::Down { until: Instant::now() + self.options.pause };
        }
    }

    /// Deletes a key and waits for it, over a new connection if need be. What cannot be deleted now is owed.
    pub(super) async fn forget(self: &Arc<Self>, key: Key) {
        let mut delete = redis::cmd("DEL");
        delete.arg(&key);
        // Owed before it is tried: this future may be dropped at any point.
        self.owe(key.clone());
        let mut deleted: Option<u64> = self.ask(&delete).await;
        if deleted.is_none() && !matches!(*self.state(), State::Closed) {
            // It is not left alone for this: whoever was erased should be gone.
            if let Some(numbered) = self.connect().await {
                deleted = self.over(numbered, &delete).await;
            }
        }
        if deleted.is_some() {
            self.owed().remove(&key);
        }
    }

    fn owe(&self, key: Key) {
        let mut owed = self.owed();
        if owed.len() >= limits::CACHE_OWED {
            // The time to keep a view ends it.
            owed.pop_first();
        }
        owed.insert(key);
    }

    pub(super) fn close(&self) {
        *self.state() = State::Closed;
    }
}

fn fresh_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
