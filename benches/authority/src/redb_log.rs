//! redb: one table, one write transaction a commit.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::Log;

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");

struct Redb {
    database: Database,
    quick: bool,
}

fn open_as(folder: &Path, quick: bool) -> (Box<dyn Log>, u64) {
    let database = Database::create(folder.join("log.redb")).expect("a database");
    let read = database.begin_read().expect("a read");
    let found = read.open_table(TABLE).map_or(0, |table| {
        let rows = table.iter().expect("rows").map(|row| row.expect("a row").1.value().len());
        rows.filter(|bytes| *bytes > 0).count() as u64
    });
    (Box::new(Redb { database, quick }), found)
}

pub fn open(folder: &Path) -> (Box<dyn Log>, u64) {
    open_as(folder, false)
}

/// Opening after a kill does not walk and check the whole file; each commit syncs twice for it.
pub fn open_quick(folder: &Path) -> (Box<dyn Log>, u64) {
    open_as(folder, true)
}

impl Log for Redb {
    fn commit(&mut self, first: u64, records: &[Vec<u8>]) {
        let mut write = self.database.begin_write().expect("a write");
        write.set_quick_repair(self.quick);
        {
            let mut table = write.open_table(TABLE).expect("a table");
            for (at, record) in (first..).zip(records) {
                table.insert(at, &record[..]).expect("inserted");
            }
        }
        write.commit().expect("committed");
    }
}
