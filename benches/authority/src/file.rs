//! The baseline: a preallocated file, one write and one sync a commit.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::Log;

/// Written with zeros before, so that a sync concerns data alone; written round when it is full.
const BYTES: u64 = 512 << 20;

struct Plain(File, u64);

pub fn open(folder: &Path) -> (Box<dyn Log>, u64) {
    let path = folder.join("plain");
    let is_new = !path.exists();
    let mut options = OpenOptions::new();
    let mut file =
        options.read(true).write(true).create(true).truncate(false).open(path).expect("a file");
    let mut found = 0;
    if is_new {
        let zeros = vec![0; 1 << 20];
        for at in 0..BYTES >> 20 {
            file.write_all_at(&zeros, at << 20).expect("written");
        }
        file.sync_all().expect("synced");
    } else {
        let mut chunk = vec![0; 208 * 4_096];
        while file.read_exact(&mut chunk).is_ok() {
            let length = |one: &&[u8]| one[0] != 0;
            let n = chunk.chunks(208).take_while(length).count();
            found += n as u64;
            if n < 4_096 {
                break;
            }
        }
    }
    (Box::new(Plain(file, 0)), found)
}

impl Log for Plain {
    fn commit(&mut self, _: u64, records: &[Vec<u8>]) {
        let mut bytes = Vec::with_capacity(records.len() * 208);
        for record in records {
            bytes.extend_from_slice(&(record.len() as u64).to_le_bytes());
            bytes.extend_from_slice(record);
        }
        if self.1 + bytes.len() as u64 > BYTES {
            self.1 = 0;
        }
        self.0.write_all_at(&bytes, self.1).expect("written");
        self.0.sync_data().expect("synced");
        self.1 += bytes.len() as u64;
    }
}
