//! What every subject can do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::model::Clash;
use crate::script::{Edit, Verb, sku};

/// A cart's number; an adapter makes of it what its engine calls the name of a document.
pub type CartNumber = u64;

/// A writer's number; an adapter makes of it a random id of the kind its engine wants.
pub type Writer = u64;

/// The cart everything is about.
pub const ACCOUNT: CartNumber = 1;
/// The cart of a guest, made with no common ancestor.
pub const GUEST: CartNumber = 2;

/// One replica of one cart, in some engine. Adapters panic where an engine refuses: none should.
pub trait Subject: Sized + 'static {
    /// How it is called in the table.
    const NAME: &'static str;
    /// What it makes of sets that had not seen each other.
    const CLASH: Clash = Clash::AddUp;
    /// What a caller has at hand of a line it edits.
    type Line;
    /// A guest's cart, as a merge takes it.
    type Guest;

    /// What an edit needs of a line.
    fn line(sku: &str) -> Self::Line;

    /// A replica that knows nothing.
    fn new(cart: CartNumber, writer: Writer) -> Self;

    /// One edit and its commit.
    fn edit(&mut self, now_ms: u64, verb: Verb, line: &Self::Line);

    /// The same, and its delta encoded `times` times while the clock runs; the bytes of one.
    fn edit_and_encode(
        &mut self,
        now_ms: u64,
        verb: Verb,
        line: &Self::Line,
        clock: &mut Clock,
    ) -> Vec<u8>;

    /// From here on its deltas go over one connection to one peer, in order, or come over one.
    fn connect(&mut self) {}

    /// Takes a message of a peer: a delta or what it wrote since its mark.
    fn apply(&mut self, message: &[u8]);

    /// Takes several at once, where an engine has something for it.
    fn apply_all(&mut self, messages: &[&[u8]]) {
        messages.iter().for_each(|message| self.apply(message));
    }

    /// Remembers what it has as what all have.
    fn mark(&mut self);

    /// What it did since the mark, encoded once.
    fn since_mark(&mut self) -> Vec<u8>;

    /// The state to store.
    fn save(&mut self) -> Vec<u8>;

    /// A writer with a stored state.
    fn load(bytes: &[u8], cart: CartNumber, writer: Writer) -> Self;

    /// Another writer with the same state, in use: what an engine puts off until somebody reads is
    /// done.
    fn copy(&mut self, cart: CartNumber, writer: Writer) -> Self {
        let copy = Self::load(&self.save(), cart, writer);
        std::hint::black_box(copy.lines());
        copy
    }

    /// Every line with its units.
    fn lines(&self) -> BTreeMap<String, u64>;

    /// A copy of this cart for [`merge`](Self::merge).
    fn guest(&mut self) -> Self::Guest;

    /// Merges a guest's cart into this one: units of shared lines add up. What is left of the guest
    /// stays where it is, so that freeing it is nobody's cost.
    fn merge(&mut self, now_ms: u64, guest: &mut Option<Self::Guest>);
}

/// A stopwatch for work inside an adapter.
#[derive(Debug)]
pub struct Clock {
    /// How often the work is to be done, so that reading the clock does not matter.
    pub times: u32,
    /// What it took.
    pub spent: Duration,
}

impl Clock {
    /// For work done so many times.
    pub fn new(times: u32) -> Self {
        Self { times, spent: Duration::ZERO }
    }

    /// Does the work that often and once more, unclocked, for what it gives.
    pub fn run<T>(&mut self, mut work: impl FnMut() -> T) -> T {
        let began = Instant::now();
        for _ in 0..self.times {
            std::hint::black_box(work());
        }
        self.spent += began.elapsed();
        work()
    }
}

/// The lines `0..count` as an adapter wants them.
pub fn shelf<S: Subject>(count: usize) -> Vec<S::Line> {
    (0..count).map(|line| S::line(&sku(line))).collect()
}

/// The time of an edit. No two writers act in the same millisecond.
pub fn now_ms(edit: usize, writer: Writer) -> u64 {
    1_700_000_000_000 + edit as u64 * 1_000 + writer
}

/// Does a script's edits; `from` is the number of the first.
pub fn play<S: Subject>(
    subject: &mut S,
    writer: Writer,
    shelf: &[S::Line],
    script: &[Edit],
    from: usize,
) {
    for (at, edit) in script.iter().enumerate() {
        subject.edit(now_ms(from + at, writer), edit.verb, &shelf[edit.line]);
    }
}

/// A cart that one writer made by a script.
pub fn grown<S: Subject>(
    cart: CartNumber,
    writer: Writer,
    shelf: &[S::Line],
    script: &[Edit],
) -> S {
    let mut subject = S::new(cart, writer);
    play(&mut subject, writer, shelf, script, 0);
    subject
}

/// Random bits that belong to a number, as ids are random in real life.
pub fn random_bits(number: u64) -> u128 {
    fastrand::Rng::with_seed(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).u128(..)
}
