//! What is measured, and how.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The future of a subject's work.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// A design of a cart service's core: an add is durable when it has answered.
pub trait Subject: Send + Sync {
    fn name(&self) -> &'static str;
    /// Before its turn: settings of a server that another subject shares.
    fn prepare(&self) -> Work<'_> {
        Box::pin(async { Ok(()) })
    }
    /// One more of a product, for a client in one of its carts, under a key that was never used.
    fn add(&self, client: usize, cart: usize, key: u128) -> Work<'_>;
    /// After all: every add that was answered is there, once.
    fn check(&self) -> Work<'_>;
}

/// What one spell came to.
#[derive(Clone, Debug)]
pub struct Spell {
    pub seconds: f64,
    /// How long each add took, in microseconds, ascending.
    pub micros: Vec<u32>,
}

/// Lets so many clients add for a while.
pub async fn run(
    subject: Arc<dyn Subject>,
    clients: usize,
    adds: usize,
    spell: Duration,
) -> Result<Spell, String> {
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let mut micros = Vec::new();
                let mut turn = 0;
                while began.elapsed() < spell {
                    let key = uuid::Uuid::new_v4().as_u128();
                    let sent = Instant::now();
                    subject.add(client, turn / adds, key).await?;
                    micros.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                    turn += 1;
                }
                Ok::<_, String>(micros)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.map_err(|error| error.to_string())??);
    }
    let seconds = began.elapsed().as_secs_f64();
    all.sort_unstable();
    Ok(Spell { seconds, micros: all })
}
