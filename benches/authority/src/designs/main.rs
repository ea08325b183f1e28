//! An authority over its stores, beside what the field does: a Redis hash a cart, and a PostgreSQL row with a version
//! and a table of idempotency keys. Durable adds a second, and how long one takes, with 1, 16 and 64 clients.
//!
//! `designs [--rounds N] [--seconds S] [--only TEXT] [--clients N] [--json FILE] [--svg FILE]`, with PostgreSQL and Redis from `dev/services up`; `--only`
//! leaves out the subjects whose name lacks TEXT, `--clients` all other numbers of clients. Every client
//! waits for its answer before it asks again, as a shopper does, and goes on to another cart after twenty adds. Subjects take turns, round by round.
//! Ours is in this process; Redis and PostgreSQL are over loopback, on the same two cores.

mod ours;
mod plot;
mod postgres_row;
mod redis_hash;
mod report;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use report::Report;
use subject::{Subject, run};

/// As in the command: what one thread allocates another frees, here and in the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Adds that a cart gets in a spell; then its client goes on to the next cart.
const ADDS: usize = 20;
const CLIENTS: [usize; 3] = [1, 16, 64];

struct Arguments {
    rounds: usize,
    spell: Duration,
    json: Option<PathBuf>,
    svg: Option<PathBuf>,
    only: String,
    clients: Vec<usize>,
}

fn arguments() -> Result<Arguments, String> {
    let spell = Duration::from_secs(2);
    let (only, clients) = (String::new(), CLIENTS.to_vec());
    let mut found = Arguments { rounds: 3, spell, json: None, svg: None, only, clients };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().ok_or_else(|| format!("{name} wants a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} wants a number, not {value}"));
        match name.as_str() {
            "--rounds" => found.rounds = number()?,
            "--seconds" => found.spell = Duration::from_secs(number()? as u64),
            "--json" => found.json = Some(value.into()),
            "--svg" => found.svg = Some(value.into()),
            "--only" => found.only = value,
            "--clients" => {
                let asked = number()?;
                found.clients.retain(|clients| *clients == asked);
                if found.clients.is_empty() {
                    return Err(format!("--clients {asked}: there are {CLIENTS:?}"));
                }
            }
            _ => {
                return Err(format!(
                    "{name}: there is --rounds, --seconds, --only, --clients, --json and --svg"
                ));
            }
        }
    }
    Ok(found)
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| {
        format!("{name} is not set: `dev/services up`, then `eval \"$(dev/services env)\"`")
    })
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    match runtime.block_on(compare()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("designs: {why}");
            ExitCode::from(2)
        }
    }
}

async fn compare() -> Result<(), String> {
    let arguments = arguments()?;
    let (postgres, redis) = (variable("HOLDALL_TEST_POSTGRES")?, variable("HOLDALL_TEST_REDIS")?);
    let folder = std::env::temp_dir().join(format!("holdall-designs-{}", std::process::id()));
    let mut subjects: Vec<Arc<dyn Subject>> = vec![
        Arc::new(ours::embedded(&folder, CLIENTS[2]).await?),
        Arc::new(ours::postgres(&postgres, CLIENTS[2]).await?),
        Arc::new(postgres_row::PostgresRow::open(&postgres, CLIENTS[2]).await?),
        Arc::new(redis_hash::RedisHash::open(&redis, "always", CLIENTS[2]).await?),
        Arc::new(redis_hash::RedisHash::open(&redis, "everysec", CLIENTS[2]).await?),
    ];
    subjects.retain(|subject| subject.name().contains(&arguments.only));
    let mut report = Report::default();
    for clients in arguments.clients.iter().copied() {
        for round in 0..=arguments.rounds {
            for subject in &subjects {
                subject.prepare().await?;
                // The first round warms up: connections, prepared statements, carts at hand.
                let spell = if round == 0 { Duration::from_millis(300) } else { arguments.spell };
                let spell = run(subject.clone(), clients, ADDS, spell).await?;
                if round > 0 {
                    report.add(subject.name(), clients, spell);
                }
                eprint!("\r{clients} clients, round {round}: {}          ", subject.name());
            }
        }
    }
    eprintln!();
    for subject in &subjects {
        subject.check().await.map_err(|why| format!("{}: {why}", subject.name()))?;
    }
    print!("{}", report.table());
    if let Some(path) = &arguments.json {
        std::fs::write(path, report.json()).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    if let Some(path) = &arguments.svg {
        let drawn = plot::draw(&report);
        std::fs::write(path, drawn).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    drop(subjects);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
