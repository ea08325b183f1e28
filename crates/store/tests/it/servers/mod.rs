//! Stores before real servers. `dev/services up` starts them; without them these tests pass and
//! say that they wait.
//!
//! Tests that stop a server have it to themselves, by a lock that also holds between processes.
#![cfg_attr(
    not(all(feature = "postgres", feature = "redis")),
    allow(dead_code, reason = "each store's tests use a part")
)]

#[cfg(feature = "redis")]
mod cached;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_killed;
#[cfg(feature = "postgres")]
mod postgres_notices;
#[cfg(feature = "postgres")]
mod postgres_races;
#[cfg(feature = "postgres")]
mod postgres_wire;
#[cfg(feature = "postgres")]
mod proxy;

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy)]
pub(crate) enum Server {
    Postgres,
    Redis,
}

impl Server {
    const fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "HOLDALL_TEST_POSTGRES",
            Self::Redis => "HOLDALL_TEST_REDIS",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }
}

/// A server, for as long as a test has it.
pub(crate) struct Leased {
    pub(crate) url: String,
    server: Server,
    _lock: File,
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder").to_owned()
}

/// What `dev/services up` wrote of a variable.
fn remembered(variable: &str) -> Option<String> {
    let text = fs::read_to_string(target().join("services/env")).ok()?;
    text.lines().find_map(|line| line.strip_prefix(variable)?.strip_prefix('=')).map(str::to_owned)
}

/// Past the test harness, which keeps what passing tests print.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn leased(server: Server, alone: bool, test: &str) -> Option<Leased> {
    let ours = remembered(server.variable());
    let url = if alone { ours } else { env::var(server.variable()).ok().or(ours) };
    let Some(url) = url else {
        let why = if alone { "one that it may stop" } else { server.variable() };
        say(&format!("{test} waits for a server ({why}): dev/services up"));
        return None;
    };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(server.name()).with_extension("lock");
    let lock = File::create(path).expect("a lock file");
    if alone { lock.lock() } else { lock.lock_shared() }.expect("the lock");
    Some(Leased { url, server, _lock: lock })
}

/// A server that others use too.
pub(crate) fn shared(server: Server, test: &str) -> Option<Leased> {
    leased(server, false, test)
}

/// A server that may be stopped.
pub(crate) fn alone(server: Server, test: &str) -> Option<Leased> {
    leased(server, true, test)
}

impl Leased {
    /// `dev/services VERB SERVER ARGUMENTS`.
    pub(crate) fn tell(&self, verb: &str, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dev/services");
        let told = Command::new(script)
            .args([verb, self.server.name()])
            .args(arguments)
            .output()
            .expect("dev/services");
        let words = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "dev/services {verb}: {words}");
    }
}

/// A test that stopped a server and then failed leaves it stopped: the next one should not fail for that.
impl Drop for Leased {
    fn drop(&mut self) {
        if std::thread::panicking() && remembered(self.server.variable()).is_some() {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dev/services");
            let _ = Command::new(script).args(["start", self.server.name()]).output();
        }
    }
}

/// Says, in a build without these stores too, what is not tested and how it would be.
#[test]
fn what_waits_for_a_server() {
    for (server, built) in
        [(Server::Postgres, cfg!(feature = "postgres")), (Server::Redis, cfg!(feature = "redis"))]
    {
        let known = env::var(server.variable()).is_ok() || remembered(server.variable()).is_some();
        let name = server.name();
        match (built, known) {
            (true, true) => {}
            (true, false) => say(&format!("tests of {name} wait for a server: dev/services up")),
            (false, _) => say(&format!(
                "tests of {name} wait for its feature: dev/services up; cargo test --features {name}"
            )),
        }
    }
}
