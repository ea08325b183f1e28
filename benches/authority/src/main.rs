//! Which embedded store: rates of durable appends, reopening after a kill, size on disk.
//!
//! `stores rates [ROUNDS]`, `stores reopen [RECORDS]`, `stores damage [FLIPS]`, `stores ours [ROUNDS]`. Run it under `chrt -r 1`. Every subject writes records of
//! 200 bytes under keys in arrival order and is synced at each commit; a preallocated plain file is the baseline in
//! every round.

mod file;
mod fjall_log;
mod ours;
mod redb_log;
mod sqlite_log;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a subject has to do.
pub trait Log {
    /// Writes records behind what is there, durably, all or none.
    fn commit(&mut self, first: u64, records: &[Vec<u8>]);
}

/// Opens a subject, and reads every record that is there.
type Open = fn(&Path) -> (Box<dyn Log>, u64);

const SUBJECTS: [(&str, Open); 5] = [
    ("plain file", file::open),
    ("redb", redb_log::open),
    ("redb, quick repair", redb_log::open_quick),
    ("SQLite", sqlite_log::open),
    ("fjall", fjall_log::open),
];

const RECORD_BYTES: usize = 200;
const SPELL: Duration = Duration::from_millis(1_500);

/// Records that do not compress.
fn records(seed: &mut u64, n: usize) -> Vec<Vec<u8>> {
    let mut next = || {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed as u8
    };
    (0..n).map(|_| (0..RECORD_BYTES).map(|_| next()).collect()).collect()
}

fn folder(name: &str) -> PathBuf {
    let name = name.replace([' ', ','], "-");
    let path = PathBuf::from(std::env::var("STORES_DIR").unwrap_or("target/stores".into()));
    let path = path.join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

fn rates(rounds: usize) {
    let mut seed = 88_172_645_463_325_252;
    let mut open: Vec<_> = SUBJECTS
        .iter()
        .map(|(name, open)| {
            let path = folder(name);
            let (log, _) = open(&path);
            (*name, log, 0, path)
        })
        .collect();
    for group in [1, 64] {
        let batch = records(&mut seed, group);
        let mut ratios = vec![Vec::new(); open.len()];
        let mut base = 0.0;
        for round in 0..=rounds {
            for (at, (_, log, first, _)) in open.iter_mut().enumerate() {
                let began = Instant::now();
                let mut n = 0;
                while began.elapsed() < SPELL {
                    log.commit(*first, &batch);
                    *first += group as u64;
                    n += group;
                }
                let rate = n as f64 / began.elapsed().as_secs_f64();
                if at == 0 {
                    base = rate;
                }
                // The first round warms up.
                if round > 0 {
                    ratios[at].push((rate / base, rate));
                }
            }
        }
        println!(
            "groups of {group}, {rounds} rounds: median ratio to the plain file, its range, median rate"
        );
        for ((name, ..), mut ratios) in open.iter().zip(ratios) {
            ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (low, middle, high) = (ratios[0], ratios[rounds / 2], ratios[rounds - 1]);
            println!(
                "  {name:20} {:5.2}  ({:.2} to {:.2})  {:9.0}/s",
                middle.0, low.0, high.0, middle.1
            );
        }
    }
    for (_, _, _, path) in &open {
        let _ = std::fs::remove_dir_all(path);
    }
}

fn reopen(count: u64) {
    println!("{count} records of {RECORD_BYTES} bytes in groups of 64, then SIGKILL");
    for (name, open) in SUBJECTS {
        let path = folder(name);
        let mut child = child(name, &path, count);
        child.kill().expect("killed");
        child.wait().expect("gone");
        let du = Command::new("du").args(["-sk"]).arg(&path).output().expect("du");
        let kib: f64 = String::from_utf8_lossy(&du.stdout)
            .split_whitespace()
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number");
        let began = Instant::now();
        let (_log, found) = open(&path);
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "  {name:20} opened and read in {seconds:6.2} s, {found} records, {:.0} bytes each on disk",
            kib * 1024.0 / count as f64
        );
        let _ = std::fs::remove_dir_all(&path);
    }
}

/// A bit of the file is changed after a kill, at random places behind its first 16 KiB.
fn damage(flips: u32) {
    const COUNT: u64 = 20_032;
    println!("{COUNT} records, SIGKILL, then a bit changed; {flips} times");
    for (name, open, file) in [
        ("redb", redb_log::open as Open, "log.redb"),
        ("redb, quick repair", redb_log::open_quick, "log.redb"),
    ] {
        let path = folder(name);
        let mut child = child(name, &path, COUNT);
        child.kill().expect("killed");
        child.wait().expect("gone");
        let whole = std::fs::read(path.join(file)).expect("read");
        let (mut refused, mut fewer, mut same) = (0, 0, 0);
        let mut seed = 88_172_645_463_325_252_u64;
        std::panic::set_hook(Box::new(|_| {}));
        for _ in 0..flips {
            records(&mut seed, 1);
            let at = 16_384 + (seed >> 8) as usize % (whole.len() - 16_384);
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (seed % 8);
            std::fs::write(path.join(file), &bytes).expect("written");
            match std::panic::catch_unwind(|| open(&path).1) {
                Err(_) => refused += 1,
                Ok(COUNT) => same += 1,
                Ok(_) => fewer += 1,
            }
        }
        let _ = std::panic::take_hook();
        println!(
            "  {name:20} not opened or not read through {refused}, records missing {fewer}, all read {same}"
        );
        let _ = std::fs::remove_dir_all(&path);
    }
}

/// Another process, that has written so many records and waits.
fn child(name: &str, path: &Path, count: u64) -> std::process::Child {
    let me = std::env::current_exe().expect("this program");
    let mut child = Command::new(me)
        .args(["fill", name, path.to_str().expect("UTF-8"), &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut line = String::new();
    let out = child.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut line).expect("a line");
    child
}

fn fill(name: &str, path: &Path, count: u64) {
    let (_, open) = SUBJECTS.iter().find(|(other, _)| *other == name).expect("a subject");
    let (mut log, mut first) = open(path);
    let mut seed = 88_172_645_463_325_252;
    while first < count {
        let batch = records(&mut seed, 64);
        log.commit(first, &batch);
        first += 64;
    }
    println!("ready");
    std::io::stdout().flush().expect("a pipe");
    loop {
        std::thread::park();
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["rates"] => rates(5),
        ["rates", rounds] => rates(rounds.parse().expect("a number of rounds")),
        ["reopen"] => reopen(500_000),
        ["reopen", count] => reopen(count.parse().expect("a number of records")),
        ["ours"] => ours::rates(5),
        ["ours", rounds] => ours::rates(rounds.parse().expect("a number of rounds")),
        ["damage"] => damage(60),
        ["damage", flips] => damage(flips.parse().expect("a number of flips")),
        ["fill", name, path, count] => {
            fill(name, Path::new(path), count.parse().expect("a number"))
        }
        _ => {
            eprintln!(
                "stores rates [ROUNDS] | stores reopen [RECORDS] | stores damage [FLIPS] | stores ours [ROUNDS]"
            );
            std::process::exit(2);
        }
    }
}
