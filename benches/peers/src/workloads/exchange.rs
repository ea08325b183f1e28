//! W3: three devices that were offline.

use super::same;
use crate::measure::{Job, clocked};
use crate::model::Model;
use crate::script::{Edit, life, mixed};
use crate::subject::{ACCOUNT, Subject, grown, play, shelf};

const LINES: usize = 20;
const BEFORE: usize = 60;
const EDITS: usize = 100;
const DEVICES: [u64; 3] = [11, 12, 13];

fn before() -> Vec<Edit> {
    life(LINES, BEFORE)
}

fn offline(device: u64) -> Vec<Edit> {
    mixed(device, LINES, EDITS)
}

/// Three devices with one state in common and a hundred edits each since.
fn devices<S: Subject>(shelf: &[S::Line]) -> [S; 3] {
    let mut first: S = grown(ACCOUNT, 1, shelf, &before());
    DEVICES.map(|writer| {
        let mut device = first.copy(ACCOUNT, writer);
        device.mark();
        play(&mut device, writer, shelf, &offline(writer), BEFORE);
        device
    })
}

fn messages<S: Subject>(devices: &mut [S; 3]) -> [Vec<u8>; 3] {
    devices.each_mut().map(S::since_mark)
}

fn deliver<S: Subject>(devices: &mut [S; 3], messages: &[Vec<u8>; 3]) {
    for (to, device) in devices.iter_mut().enumerate() {
        let others = messages.iter().enumerate().filter(|(from, _)| *from != to);
        let others: Vec<&[u8]> = others.map(|(_, message)| &**message).collect();
        device.apply_all(&others);
    }
}

pub(super) fn prove<S: Subject>() -> Result<(), String> {
    let shelf = shelf::<S>(LINES);
    let mut devices: [S; 3] = devices(&shelf);
    let base = Model::new(1).play(&before());
    let alone = DEVICES.map(|writer| base.by(writer).play(&offline(writer)));
    for (device, model) in devices.iter().zip(&alone) {
        same("a device alone", &device.lines(), &model.lines(S::CLASH))?;
    }
    let mut all = base;
    alone.iter().for_each(|model| all.join(model));
    let messages = messages(&mut devices);
    deliver(&mut devices, &messages);
    devices
        .iter()
        .try_for_each(|device| same("a device", &device.lines(), &all.lines(S::CLASH)))?;
    // Late, twice and in any order, as networks do.
    deliver(&mut devices, &messages);
    devices.iter().try_for_each(|device| same("told twice", &device.lines(), &all.lines(S::CLASH)))
}

pub(super) fn exchange<S: Subject>() -> Job {
    let shelf = shelf::<S>(LINES);
    Box::new(move || {
        let mut devices: [S; 3] = devices(&shelf);
        let ((), spent) = clocked(1, || {
            let messages = messages(&mut devices);
            deliver(&mut devices, &messages);
        });
        spent
    })
}

pub(super) fn bytes<S: Subject>() -> f64 {
    let shelf = shelf::<S>(LINES);
    let mut devices: [S; 3] = devices(&shelf);
    messages(&mut devices).iter().map(Vec::len).sum::<usize>() as f64
}
