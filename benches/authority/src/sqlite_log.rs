//! SQLite with a write-ahead log, synced at each commit.

use std::path::Path;

use rusqlite::{Connection, params};

use super::Log;

struct Sqlite(Connection);

pub fn open(folder: &Path) -> (Box<dyn Log>, u64) {
    let connection = Connection::open(folder.join("log.sqlite")).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
             CREATE TABLE IF NOT EXISTS log (at INTEGER PRIMARY KEY, record BLOB NOT NULL);",
        )
        .expect("set up");
    let mut found = 0;
    {
        let mut query = connection.prepare("SELECT record FROM log ORDER BY at").expect("a query");
        let mut rows = query.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let bytes = row.get_ref(0).expect("a column").as_blob().expect("bytes").len();
            found += u64::from(bytes > 0);
        }
    }
    (Box::new(Sqlite(connection)), found)
}

impl Log for Sqlite {
    fn commit(&mut self, first: u64, records: &[Vec<u8>]) {
        let write = self.0.transaction().expect("a transaction");
        {
            let sql = "INSERT INTO log (at, record) VALUES (?1, ?2)";
            let mut insert = write.prepare_cached(sql).expect("a statement");
            for (at, record) in (first as i64..).zip(records) {
                insert.execute(params![at, record]).expect("inserted");
            }
        }
        write.commit().expect("committed");
    }
}
