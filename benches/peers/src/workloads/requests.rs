//! W4: a request at a server that keeps carts as bytes, and whether it costs more with age.

use super::{Proof, Unit, Workload, same, time};
use crate::for_each_subject;
use crate::measure::{Job, Recipe, clocked};
use crate::model::Model;
use crate::script::{Edit, Verb, life, mixed};
use crate::subject::{ACCOUNT, Clock, Subject, grown, now_ms, play, shelf};

/// A cart's past.
#[derive(Clone, Copy)]
struct Past {
    lines: usize,
    edits: usize,
    /// Short-lived devices that made one or two of the edits each, early.
    devices: u64,
}

const fn past(lines: usize, edits: usize) -> Past {
    Past { lines, edits, devices: 0 }
}

/// The ages drawn, with what they are called.
pub const AGES: [(usize, &str); 4] = [
    (100, "50 lines, 100 edits"),
    (1_000, "50 lines, 1,000 edits"),
    (10_000, "50 lines, 10,000 edits"),
    (100_000, "50 lines, 100,000 edits"),
];
/// The cart of the goal for small ones.
pub const SMALL: &str = "10 lines, 40 edits";
/// The cart that many devices wrote in.
pub const CROWDED: &str = "50 lines, 1,000 edits, 500 devices more";
const DEVICES: u64 = 500;
const LARGE: Past = past(50, 1_000);
const CROWD: Past = Past { devices: DEVICES, ..LARGE };
/// The server is a writer of its own.
const SERVER: u64 = 2;
const PHONE: u64 = 3;

pub(super) fn workload(short: bool) -> Workload {
    let mut pasts = vec![(SMALL, past(10, 40)), (AGES[1].1, LARGE)];
    if !short {
        pasts.extend([AGES[0], AGES[2], AGES[3]].map(|(edits, name)| (name, past(50, edits))));
    }
    pasts.push((CROWDED, CROWD));
    let proven: Vec<Past> = pasts.iter().map(|(_, past)| *past).collect();
    let proof = for_each_subject!(S => {
        let proven = proven.clone();
        Box::new(move || proven.iter().try_for_each(|past| prove::<S>(*past))) as Proof
    });
    let times = pasts.into_iter().map(|(name, past)| {
        let recipe = for_each_subject!(S => Box::new(move || request::<S>(past)) as Recipe);
        time(name, Unit::Us, recipe)
    });
    Workload {
        id: "W4",
        title: "a request: load, apply one remote add, read all lines, save",
        proof,
        times: times.collect(),
        sizes: Vec::new(),
    }
}

/// What a device of many does.
fn visit(lines: usize, device: u64) -> Vec<Edit> {
    mixed(device, lines, 1 + device as usize % 2)
}

/// The stored cart, and a delta of somebody else's add. The last edits of a cart's life come after
/// its visitors, so that carts of every past show the same.
fn prepared<S: Subject>(past: Past) -> (Vec<u8>, Vec<u8>) {
    let shelf = shelf::<S>(past.lines);
    let script = life(past.lines, past.edits);
    let (opening, rest) = script.split_at(past.lines);
    let mut cart: S = grown(ACCOUNT, 1, &shelf, opening);
    for device in 0..past.devices {
        let mut visitor = S::load(&cart.save(), ACCOUNT, 100 + device);
        for edit in visit(past.lines, device) {
            let (now, line) = (now_ms(past.lines, device), &shelf[edit.line]);
            cart.apply(&visitor.edit_and_encode(now, edit.verb, line, &mut Clock::new(0)));
        }
    }
    play(&mut cart, 1, &shelf, rest, past.lines);
    let bytes = cart.save();
    let mut phone = S::load(&bytes, ACCOUNT, PHONE);
    let now_ms = now_ms(past.edits, PHONE);
    let delta = phone.edit_and_encode(now_ms, Verb::Add(1), &shelf[7], &mut Clock::new(0));
    (bytes, delta)
}

/// What the cart that many devices wrote in is stored as.
pub(super) fn crowded_bytes<S: Subject>() -> Vec<u8> {
    prepared::<S>(CROWD).0
}

fn modelled(past: Past) -> Model {
    let script = life(past.lines, past.edits);
    let (opening, rest) = script.split_at(past.lines);
    let mut model = Model::new(1).play(opening);
    for device in 0..past.devices {
        let visitor = model.by(100 + device).play(&visit(past.lines, device));
        model.join(&visitor);
    }
    model = model.play(rest);
    model.by(PHONE).play(&[Edit { verb: Verb::Add(1), line: 7 }])
}

fn answer<S: Subject>(bytes: &[u8], delta: &[u8]) -> (usize, Vec<u8>) {
    let mut cart = S::load(bytes, ACCOUNT, SERVER);
    cart.apply(delta);
    (std::hint::black_box(cart.lines()).len(), cart.save())
}

fn prove<S: Subject>(past: Past) -> Result<(), String> {
    let (bytes, delta) = prepared::<S>(past);
    let right = modelled(past).lines(S::CLASH);
    let mut cart = S::load(&bytes, ACCOUNT, SERVER);
    cart.apply(&delta);
    same("the request", &cart.lines(), &right)?;
    let stored = S::load(&cart.save(), ACCOUNT, SERVER);
    same("the next request", &stored.lines(), &right)
}

fn request<S: Subject>(past: Past) -> Job {
    let (bytes, delta) = prepared::<S>(past);
    Box::new(move || clocked(1, || answer::<S>(&bytes, &delta)).1)
}

pub(super) fn request_times<S: Subject>(times: u32) {
    some_requests::<S>(LARGE, times);
}

/// The same of a cart that has had a hundred times as many edits.
pub(super) fn old_request_times<S: Subject>(times: u32) {
    some_requests::<S>(past(LARGE.lines, 100 * LARGE.edits), times);
}

fn some_requests<S: Subject>(past: Past, times: u32) {
    let (bytes, delta) = prepared::<S>(past);
    for _ in 0..times {
        std::hint::black_box(answer::<S>(&bytes, &delta));
    }
}
