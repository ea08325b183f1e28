//! Rounds, subject by subject in turn, so that a noisy minute hits all of them.

use std::time::{Duration, Instant};

/// What one pass of a job spent on how many operations. Its preparations are not in it.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// On the clock.
    pub time: Duration,
    /// Operations in it.
    pub operations: u32,
}

/// Does something once and reads the clock around the part that counts.
pub type Job = Box<dyn FnMut() -> Spent>;

/// Makes a job, with all that it needs.
pub type Recipe = Box<dyn Fn() -> Job>;

/// Nanoseconds an operation, or how many times those of another.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Of all rounds.
    pub median: f64,
    /// Of all rounds.
    pub least: f64,
    /// How many there were.
    pub rounds: usize,
}

/// How long to look.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds of each subject, unless it is slow.
    pub rounds: usize,
    /// When a subject has used that much, preparations included, it is left alone.
    pub budget: Duration,
}

const ROUND: Duration = Duration::from_millis(1);
const AT_LEAST: usize = 3;
/// The clock's resolution must not matter, nor preparations eat everything.
const PASSES: usize = 1_000;

/// Runs the jobs in turn, round by round.
pub fn interleave(jobs: &mut [Job], effort: Effort) -> Vec<Timing> {
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); jobs.len()];
    let mut used = vec![Duration::ZERO; jobs.len()];
    for job in jobs.iter_mut() {
        job(); // warms up
    }
    for round in 0..effort.rounds.max(AT_LEAST) {
        for (at, job) in jobs.iter_mut().enumerate() {
            if round >= AT_LEAST && used[at] > effort.budget {
                continue;
            }
            let began = Instant::now();
            samples[at].push(one_round(job));
            used[at] += began.elapsed();
        }
    }
    samples.into_iter().map(sum_up).collect()
}

/// How many times as much one job takes as another, by turns and with nothing between them: what others do to the
/// caches is in neither. The median of the rounds, and least over least.
pub fn compare(job: &mut Job, with: &mut Job, effort: Effort) -> Timing {
    let (mut samples, mut used) = (Vec::new(), Duration::ZERO);
    let (mut least, mut least_with) = (f64::INFINITY, f64::INFINITY);
    while samples.len() < AT_LEAST || samples.len() < effort.rounds && used <= effort.budget {
        let began = Instant::now();
        let (one, other) = (one_round(job), one_round(with));
        used += began.elapsed();
        (least, least_with) = (least.min(one), least_with.min(other));
        samples.push(one / other);
    }
    Timing { least: least / least_with, ..sum_up(samples) }
}

fn one_round(job: &mut Job) -> f64 {
    let (mut time, mut operations) = (Duration::ZERO, 0);
    for _ in 0..PASSES {
        let spent = job();
        time += spent.time;
        operations += spent.operations;
        if time >= ROUND {
            break;
        }
    }
    time.as_nanos() as f64 / f64::from(operations)
}

fn sum_up(mut samples: Vec<f64>) -> Timing {
    samples.sort_unstable_by(f64::total_cmp);
    let (half, rounds) = (samples.len() / 2, samples.len());
    let median =
        if rounds % 2 == 1 { samples[half] } else { (samples[half - 1] + samples[half]) / 2.0 };
    Timing { median, least: samples[0], rounds }
}

/// Clocks one piece of work.
pub fn clocked<T>(operations: u32, work: impl FnOnce() -> T) -> (T, Spent) {
    let began = Instant::now();
    let done = std::hint::black_box(work());
    (done, Spent { time: began.elapsed(), operations })
}
