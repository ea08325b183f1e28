//! fjall: one keyspace, one batch a commit, and its journal synced.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::Log;

struct Fjall(Database, Keyspace);

pub fn open(folder: &Path) -> (Box<dyn Log>, u64) {
    let database = Database::builder(folder.join("log.fjall")).open().expect("a database");
    let keyspace = database.keyspace("log", KeyspaceCreateOptions::default).expect("a keyspace");
    let rows = keyspace.iter().map(|row| row.into_inner().expect("a row").1.len());
    let found = rows.filter(|bytes| *bytes > 0).count() as u64;
    (Box::new(Fjall(database, keyspace)), found)
}

impl Log for Fjall {
    fn commit(&mut self, first: u64, records: &[Vec<u8>]) {
        let mut batch = self.0.batch().durability(Some(PersistMode::SyncData));
        for (at, record) in (first..).zip(records) {
            batch.insert(&self.1, at.to_be_bytes(), &record[..]);
        }
        batch.commit().expect("committed");
    }
}
