//! The thread that writes: it takes all calls that wait, carries them out in one transaction, syncs it, and
//! answers.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::file::{Folder, is_full, refused};
use super::shared::Shared;
use super::transaction::{Ask, Failure, Plan, Told};
use crate::StoreError;
use holdall::limits;
use holdall::sabotage;

/// A call that waits.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "all but the last are calls")]
pub(super) enum Job {
    Ask(Ask, oneshot::Sender<Result<Told, StoreError>>),
    /// Finish what came before, and end.
    Close(oneshot::Sender<()>),
}

type Waiting = (Ask, oneshot::Sender<Result<Told, StoreError>>);

#[derive(Debug)]
pub(super) struct Committer {
    pub(super) connection: Connection,
    pub(super) shared: Arc<Shared>,
    pub(super) position: u64,
    pub(super) version: u64,
    pub(super) threads: Threads,
    pub(super) folder: Folder,
}

/// The others, who end before the one that writes does.
#[derive(Debug)]
pub(super) struct Threads {
    pub(super) readers: Vec<JoinHandle<()>>,
    /// Until the connection that writes is gone, or tells it of nothing more.
    pub(super) tidier: JoinHandle<()>,
}

/// Why a group was not committed.
struct Trouble {
    error: rusqlite::Error,
    /// Whether it may have become durable all the same.
    is_unknown: bool,
}

impl Ask {
    /// About how many bytes it writes.
    fn bytes(&self) -> usize {
        match self {
            Self::Append(append) => {
                let states = append.snapshot.iter().chain(&append.header).map(Vec::len);
                append.delta.len() + append.note.len() + states.sum::<usize>()
            }
            Self::CompareAndSet { value, .. } => value.as_ref().map_or(0, Vec::len),
            Self::Compact(fold) => fold.base.len(),
            Self::Remove { .. } => 0,
            Self::Erase { marker, .. } => marker.len(),
        }
    }
}

impl Committer {
    /// Until it is told to close, or nobody is left who could call.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut closing = None;
        while closing.is_none() {
            let Ok(first) = jobs.recv() else { break };
            // Whoever is about to ask and waits for this processor asks first: a sync is the same for one call and for many. Nobody is waited for.
            thread::yield_now();
            let (mut group, mut bytes, mut next) = (Vec::new(), 0, Some(first));
            while let Some(job) = next.take() {
                match job {
                    Job::Ask(ask, reply) => {
                        bytes += ask.bytes();
                        group.push((ask, reply));
                    }
                    Job::Close(reply) => {
                        closing = Some(reply);
                        break;
                    }
                }
                if group.len() < limits::GROUP_CALLS && bytes < limits::GROUP_BYTES {
                    next = jobs.try_recv().ok();
                }
            }
            self.group(group);
        }
        self.end();
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    /// Whoever stopped waiting gets no answer; what it asked for is done all the same.
    fn group(&mut self, group: Vec<Waiting>) {
        match self.attempt(&group) {
            Ok(told) => {
                for ((_, reply), told) in group.into_iter().zip(told) {
                    let _ = reply.send(told);
                }
            }
            // One call that is too much for the disk must not take the others with it.
            Err(trouble) if group.len() > 1 && !trouble.is_unknown => {
                group.into_iter().for_each(|one| self.group(vec![one]));
            }
            Err(Trouble { error, is_unknown }) => {
                let full = is_full(&error);
                let error = Arc::new(error);
                for (_, reply) in group {
                    let error = error.clone();
                    let _ = reply.send(Err(match (is_unknown, full) {
                        (true, _) => StoreError::unknown(error),
                        (false, true) => StoreError::full(error),
                        (false, false) => StoreError::unavailable(error),
                    }));
                }
            }
        }
    }

    fn attempt(&mut self, group: &[Waiting]) -> Result<Vec<Result<Told, StoreError>>, Trouble> {
        let known = |error| Trouble { error, is_unknown: false };
        let mut told = Vec::with_capacity(group.len());
        self.execute("BEGIN IMMEDIATE").map_err(known)?;
        let shared = self.shared.clone();
        let (position, version) = (self.position, self.version);
        let mut plan = Plan::new(&self.connection, &shared.index, position, version, group.len());
        for (ask, _) in group {
            match plan.carry_out(ask) {
                Ok(done) => told.push(Ok(done)),
                Err(Failure::Call(error)) => told.push(Err(error)),
                Err(Failure::Transaction(error)) => {
                    self.roll_back();
                    return Err(known(error));
                }
            }
        }
        let Plan { staged, records, version, .. } = plan;
        if !records.has_written {
            self.roll_back();
            return Ok(told);
        }
        // Readers who missed something look again under this lock: see `read`.
        let _commit = shared.commit.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) =
            self.execute(sabotage!("acknowledged-group-is-rolled-back", "COMMIT", "ROLLBACK"))
        {
            self.roll_back();
            // A disk that is full refuses a frame of the log, and the commit's own frame is the last.
            let is_unknown = !is_full(&error);
            return Err(Trouble { error, is_unknown });
        }
        (self.position, self.version) = (records.position, version);
        shared.index.write().unwrap_or_else(PoisonError::into_inner).publish(staged);
        Ok(told)
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Some errors have rolled back already.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If this fails too the next BEGIN does, and tells.
            let _ = self.execute("ROLLBACK");
        }
    }

    /// The log goes into the file, and the folder is free. Failing here loses nothing: opening does it again.
    fn end(self) {
        let Self { mut connection, shared, threads, folder, .. } = self;
        shared.close_readers();
        for reader in threads.readers {
            let _ = reader.join();
        }
        let _ = connection.wal_hook(None::<fn(&mut Wal, i32) -> rusqlite::Result<()>>);
        let _ = threads.tidier.join();
        let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(refused);
        drop(connection);
        drop(folder);
    }
}
