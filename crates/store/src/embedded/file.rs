//! The folder and the SQLite file in it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::StoreError;
use holdall::limits;

const LOCK: &str = "lock";
/// How often a lock that somebody has is tried for.
const AGAIN: Duration = Duration::from_millis(5);
const FILE: &str = "carts.sqlite";

/// `hold`, in SQLite's header.
const APPLICATION: i32 = 0x686f_6c64;
/// The format's version, in SQLite's header.
const FORMAT: i32 = 1;

const SCHEMA: &str = "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE records (position INTEGER PRIMARY KEY, cart BLOB NOT NULL, record BLOB NOT NULL) STRICT;
    CREATE TABLE slots (name BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL,
        sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// How many pages the write-ahead log may come to before it begins anew, in the file's pages.
const LOG_PAGES: i32 = 4_000;
/// After how many more pages of it those that are there are put in their places.
const TIDY_PAGES: i32 = 500;

/// Versions of SQLite before this one may spoil a file in which one connection writes while another checkpoints, so there the one who
/// writes does it alone. It is what <https://sqlite.org/wal.html#walresetbug> tells of; the SQLite that is built in is a later one.
const APART: i32 = 3_051_003;

/// A folder that nobody else has open.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as the store is open.
    _lock: File,
}

/// Whether it is something the disk or the system refused for want of room.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}

/// An error after which nothing has happened.
pub(super) fn refused(error: rusqlite::Error) -> StoreError {
    if is_full(&error) { StoreError::full(error) } else { StoreError::unavailable(error) }
}

impl Folder {
    /// Makes the folder if need be, and keeps others out of it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(StoreError::unavailable)?;
        let lock = path.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(lock);
        let lock = lock.map_err(StoreError::unavailable)?;
        let patience = Duration::from_millis(limits::STORE_LOCK_MS);
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                // Whoever had it open may be about to end; and so is the moment in which a process that is being started still
                // has the files of the one that starts it.
                Err(TryLockError::WouldBlock) if began.elapsed() < patience => thread::sleep(AGAIN),
                Err(TryLockError::WouldBlock) => {
                    let path = path.display();
                    let told = format!(
                        "{path} is open already, here or in another process: one store has one opener"
                    );
                    return Err(StoreError::unavailable(told));
                }
                Err(TryLockError::Error(error)) => return Err(StoreError::unavailable(error)),
            }
        }
    }

    fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    fn foreign(&self, what: &str) -> StoreError {
        StoreError::Foreign { what: format!("{} {what}", self.file().display()) }
    }

    fn named(&self, error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => self.foreign("is no SQLite file"),
            _ => refused(error),
        }
    }

    /// The connection that writes. Makes the file if it is not there.
    pub(super) fn writer(&self, fresh: u128) -> Result<Connection, StoreError> {
        if self.is_ours()? {
            return self.set_up(self.connect(OpenFlags::empty())?).map_err(|e| self.named(e));
        }
        let connection = self.connect(OpenFlags::SQLITE_OPEN_CREATE)?;
        let connection = self.set_up(connection).map_err(|error| self.named(error))?;
        self.fill(&connection, fresh).map_err(|error| self.named(error))?;
        // The file's name is durable, and the folder's.
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        for folder in [Some(&*self.path), parent].into_iter().flatten() {
            File::open(folder).and_then(|file| file.sync_all()).map_err(StoreError::unavailable)?;
        }
        Ok(connection)
    }

    /// Whether a store is there. Making one that was killed leaves an empty file or an empty database.
    fn is_ours(&self) -> Result<bool, StoreError> {
        match fs::metadata(self.file()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StoreError::unavailable(error)),
            Ok(data) if data.len() == 0 => return Ok(false),
            Ok(_) => {}
        }
        let connection = self.connect(OpenFlags::empty())?;
        let number = |pragma: &str| -> Result<i32, StoreError> {
            let read = connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0));
            read.map_err(|error| self.named(error))
        };
        match (number("application_id")?, number("user_version")?, number("schema_version")?) {
            (APPLICATION, FORMAT, _) => Ok(true),
            (APPLICATION, other, _) => {
                Err(self
                    .foreign(&format!("has format {other}, this is a version for format {FORMAT}")))
            }
            (0, 0, 0) => Ok(false),
            _ => Err(self.foreign("is an SQLite file of something else")),
        }
    }

    fn connect(&self, more: OpenFlags) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        Connection::open_with_flags(self.file(), flags).map_err(|error| self.named(error))
    }

    fn set_up(&self, connection: Connection) -> rusqlite::Result<Connection> {
        // FULL with a write-ahead log: each commit is synced. secure_delete: what was erased is overwritten.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
             PRAGMA secure_delete = ON; PRAGMA cache_size = -65536;
             PRAGMA journal_size_limit = 67108864;",
        )?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }

    /// All at once: a file has all of this or nothing.
    fn fill(&self, connection: &Connection, fresh: u128) -> rusqlite::Result<()> {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; {SCHEMA}"
        ))?;
        set_meta(connection, "incarnation", &fresh.to_be_bytes())?;
        set_meta(connection, "version", &0_u64.to_be_bytes())?;
        connection.execute_batch("COMMIT")
    }

    /// A connection that puts pages of the write-ahead log in their places.
    pub(super) fn tidier(&self) -> Result<Connection, StoreError> {
        let connection = self.connect(OpenFlags::empty())?;
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;")
            .map_err(|error| self.named(error))?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(super) fn reader(&self) -> Result<Connection, StoreError> {
        let connection = self.connect(OpenFlags::empty())?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")
            .map_err(|error| self.named(error))?;
        Ok(connection)
    }
}

/// Has a log that has grown put in its place by `tidy`, which is told of it and does not wait; and, so that it ends, by the one who writes.
/// What is left to do then is little.
pub(super) fn keep_short(
    connection: &mut Connection,
    tidy: impl Fn() + Send + 'static,
) -> rusqlite::Result<()> {
    let mut told = 0;
    let is_apart = rusqlite::version_number() >= APART;
    connection.wal_hook(Some(move |log: &mut Wal, pages| {
        if pages < told {
            told = 0; // it has begun anew
        }
        if pages >= LOG_PAGES {
            // Failing here loses nothing: the log is read as well, and the next commit tries again.
            let _ = log.checkpoint();
        } else if is_apart && pages >= told + TIDY_PAGES {
            told = pages;
            tidy();
        }
        Ok(())
    }))
}

/// Puts what the write-ahead log has in its place, as far as nobody reads it there.
pub(super) fn tidy(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

pub(super) fn set_meta(connection: &Connection, name: &str, value: &[u8]) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute((name, value)).map(drop)
}

pub(super) fn meta<const N: usize>(
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<Option<[u8; N]>> {
    let sql = "SELECT value FROM meta WHERE name = ?1";
    connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()
}

/// The bytes of a record.
pub(super) fn record(connection: &Connection, position: u64) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT record FROM records WHERE position = ?1";
    connection.prepare_cached(sql)?.query_row([position as i64], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests {
    use super::APART;

    #[test]
    fn the_sqlite_that_is_built_in_lets_another_connection_tidy() {
        assert!(rusqlite::version_number() >= APART);
    }
}
