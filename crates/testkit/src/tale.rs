//! A tale of a merge, as plain data: what an account's and a guest's devices do before it, after it
//! without knowing of it, and after it with everything in view.

use super::deed::{Deed, Device, LINES, TEXTS, Tap};
use super::simpler::{Simpler, nearer, shorter, smaller};
use holdall::limits;

/// A tale of a merge.
///
/// ```
/// use holdall_testkit::{Deed, Device, Tale, Tap};
/// let tale = Tale {
///     before: vec![
///         Tap::new(Device::Laptop, Deed::Add { line: 0, units: 2 }),
///         Tap::new(Device::Phone, Deed::Add { line: 0, units: 3 }),
///     ],
///     ..Tale::default()
/// };
/// assert_eq!(tale.taps(), 2);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tale {
    /// Before the merge.
    pub before: Vec<Tap>,
    /// After it, on devices that have not heard of it: the account's tablet, the guest's kiosk.
    pub late: Vec<Tap>,
    /// After it, on devices of the account that have heard of everything.
    pub after: Vec<Tap>,
    /// Whether a second guest is merged too.
    pub second_guest: bool,
    /// Whether the losing side is saved for later.
    pub save_loser: bool,
    /// By how many milliseconds each device's clock is off, in the order of [`Device::ALL`].
    pub skew_ms: [i32; 5],
}

impl Tale {
    /// How many things are done in it.
    #[must_use]
    pub fn taps(&self) -> usize {
        self.before.len() + self.late.len() + self.after.len()
    }

    /// All the units that anybody puts in or sets.
    pub(super) fn units(&self) -> u64 {
        let units = |tap: &Tap| match tap.deed {
            Deed::Add { units, .. } | Deed::Set { units, .. } => u64::from(units),
            _ => 0,
        };
        self.before.iter().chain(&self.late).chain(&self.after).map(units).sum()
    }

    /// The lines that it is about, each once.
    pub(super) fn lines(&self) -> Vec<u8> {
        let taps = self.before.iter().chain(&self.late).chain(&self.after);
        let mut lines: Vec<u8> = taps.filter_map(|tap| tap.deed.line()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// Just what is put in, and at most the first note of each line in each cart: whatever else
    /// there is in a cart, clocks have no part in this but by the rule.
    pub(super) fn plain(&self) -> Self {
        let mut noted = Vec::new();
        let mut keep = |tap: &Tap| match tap.deed {
            Deed::Add { .. } => true,
            Deed::Note { line, .. } => {
                let first = !noted.contains(&(tap.device.cart(), line));
                noted.push((tap.device.cart(), line));
                first
            }
            _ => false,
        };
        let mut plain = Self { after: Vec::new(), ..self.clone() };
        plain.before.retain(&mut keep);
        plain.late.retain(&mut keep);
        plain
    }

    /// Just what is put in.
    pub(super) fn adds(&self) -> Self {
        let mut adds = self.plain();
        adds.before.retain(|tap| matches!(tap.deed, Deed::Add { .. }));
        adds.late.retain(|tap| matches!(tap.deed, Deed::Add { .. }));
        adds
    }

    /// Whether somebody who looks after each of the guest's late taps has seen everything in the end.
    pub(super) fn is_looked_at(&self) -> bool {
        let last = self.late.last().is_some_and(|tap| tap.device == Device::Kiosk);
        last && !self.before.iter().chain(&self.late).any(|tap| tap.device == Device::Tablet)
    }

    /// Without a second guest, and without edits by those who know everything.
    pub(super) fn of_one_guest(mut self) -> Self {
        self.second_guest = false;
        self.after.clear();
        self
    }
}

impl Simpler for Tale {
    fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut tale = self.clone();
            change(&mut tale);
            if tale != *self {
                found.push(tale);
            }
        };
        // Few actions, and with them little knowledge: to meet is an action here.
        for taps in shorter(&self.after) {
            with(&|tale| tale.after.clone_from(&taps));
        }
        for taps in shorter(&self.late) {
            with(&|tale| tale.late.clone_from(&taps));
        }
        for taps in shorter(&self.before) {
            with(&|tale| tale.before.clone_from(&taps));
        }
        with(&|tale| tale.second_guest = false);
        with(&|tale| tale.save_loser = false);
        // Then small numbers and first names.
        for which in 0..3 {
            let part = |tale: &Self| [&tale.before, &tale.late, &tale.after][which].clone();
            for (at, tap) in part(self).into_iter().enumerate() {
                let put = |tale: &mut Self, tap: Tap| {
                    [&mut tale.before, &mut tale.late, &mut tale.after][which][at] = tap;
                };
                for deed in tap.deed.simpler() {
                    with(&|tale| put(tale, Tap { deed, ..tap }));
                }
                with(&|tale| put(tale, Tap { guests_row: false, ..tap }));
                if which != 1 && matches!(tap.device, Device::Tablet | Device::Kiosk) {
                    let device = tap.device.other().unwrap_or(tap.device);
                    with(&|tale| put(tale, Tap { device, ..tap }));
                }
            }
        }
        for line in self.lines() {
            for other in smaller(line.into(), 0) {
                with(&|tale| {
                    let taps = tale.before.iter_mut().chain(&mut tale.late).chain(&mut tale.after);
                    for tap in taps.filter(|tap| tap.deed.line() == Some(line)) {
                        tap.deed = tap.deed.on(other as u8);
                    }
                });
            }
        }
        // Then right clocks.
        for at in 0..self.skew_ms.len() {
            for near in nearer(self.skew_ms[at]) {
                with(&|tale| tale.skew_ms[at] = near);
            }
        }
        found
    }
}

/// Tales that chance might leave out: every kind of line and the longest texts on both sides, equal
/// sides, the largest quantities.
pub(super) fn at_the_limits() -> Vec<Tale> {
    let both = |ours: Deed, theirs: Deed| {
        [Tap::new(Device::Laptop, ours), Tap::new(Device::Phone, theirs)]
    };
    let add = |line, units| Deed::Add { line, units };
    let tale = |before: &[[Tap; 2]]| Tale { before: before.concat(), ..Tale::default() };
    let most = add(0, limits::QUANTITY_UNITS);
    let long = Deed::Note { line: 0, text: TEXTS - 1 };
    let mut tales: Vec<Tale> =
        (0..LINES).map(|line| tale(&[both(add(line, 2), add(line, 3))])).collect();
    tales.push(tale(&[both(add(0, 1), add(0, 1))]));
    tales.push(tale(&[both(most, most), both(most, most)]));
    tales.push(tale(&[both(add(0, 1), most)]));
    tales.push(tale(&[both(most, add(0, 1))]));
    tales.push(tale(&[both(add(0, 2), add(0, 3)), both(long, long)]));
    tales
}
