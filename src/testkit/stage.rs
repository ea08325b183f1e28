//! A tale, told with a rule: every step is noted as a story has it, so that what was run is what
//! is printed.

use super::law::Law;
use super::subject::Subject;
use super::tale::{ACCOUNT, Deed, Device, GUEST, SECOND_GUEST, Tale, Tap, line, text};
use crate::cart::{Delta, List, Loser, MergePolicy};
use crate::id::{LineKey, ReplicaId};
use crate::limits;
use crate::replica::Replica;
use crate::scenario::Story;
use crate::scenario::story::{Act, Expect, ExpectRow, RowName, SideName, Step, Verb};
use crate::scenario::world::{World, cart_id, row_ref};
use crate::view::{Explanation, RowRef, Side, View};

/// A row that is shown. Which guest a side is of is left out: stories do not say it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Shown {
    pub(super) line: LineKey,
    pub(super) list: List,
    pub(super) side: Option<SideName>,
    pub(super) units: u64,
}

/// What a view shows, sorted.
pub(super) type Rows = Vec<Shown>;

pub(super) fn rows(view: &View) -> Rows {
    let shown = |row: &crate::view::Row| Shown {
        line: row.line.clone(),
        list: row.list,
        side: row.side.map(|side| match side {
            Side::Account => SideName::Account,
            Side::Guest(_) => SideName::Guest,
        }),
        units: row.asked,
    };
    let mut rows: Rows = view.rows().map(shown).collect();
    rows.sort();
    rows
}

/// The units of a line, in both lists.
pub(super) fn total(rows: &Rows, line: &LineKey) -> u64 {
    rows.iter().filter(|row| row.line == *line).map(|row| row.units).sum()
}

/// In words.
pub(super) fn words(rows: &Rows) -> String {
    let word = |row: &Shown| {
        let side = match row.side {
            Some(SideName::Account) => ", the account's row",
            Some(SideName::Guest) => ", the guest's row",
            None => "",
        };
        let saved = if row.list == List::Saved { ", saved" } else { "" };
        format!("{} {}{side}{saved}", row.units, row.line)
    };
    if rows.is_empty() {
        return "nothing".into();
    }
    rows.iter().map(word).collect::<Vec<_>>().join("; ")
}

/// How a tale is told. What is left out leaves its moment of time behind, so that two tellings of
/// one tale have the same times.
#[derive(Clone, Copy)]
pub(super) struct Telling {
    /// Just the deeds on this line.
    pub(super) only: Option<u8>,
    /// Without this tap, counted through before and late.
    pub(super) without: Option<usize>,
    /// Whether the guests do anything.
    pub(super) guests: bool,
    /// Whether they are merged.
    pub(super) merge: bool,
    /// The second guest first.
    pub(super) turned: bool,
    /// Whether the tablet and the kiosk are heard before the merge, or only after.
    pub(super) hear: bool,
    /// Whether the guest's late taps are looked at one by one.
    pub(super) look: bool,
    /// Whether all clocks are right.
    pub(super) right_clocks: bool,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            only: None,
            without: None,
            guests: true,
            merge: true,
            turned: false,
            hear: false,
            look: false,
            right_clocks: false,
        }
    }
}

/// A ceiling that no tale reaches, for tales that reach the usual one.
const HIGH_CEILING_UNITS: u64 = 1_000_000_000;

/// Where a tale is told.
pub(super) struct Stage<'a> {
    subject: &'a Subject,
    loser: Loser,
    ceiling: Option<u64>,
    world: World,
    steps: Vec<Step>,
    orders: usize,
    /// Whether everybody knows everything.
    settled: bool,
    looked: Option<Rows>,
}

impl<'a> Stage<'a> {
    /// Tells a tale up to where everybody has heard of the merge.
    pub(super) fn tell(subject: &'a Subject, tale: &Tale, how: Telling) -> Self {
        let loser = if tale.save_loser { Loser::SaveForLater } else { Loser::Hide };
        let ceiling = (tale.units() > limits::CEILING_UNITS).then_some(HIGH_CEILING_UNITS);
        let world = World::new(ceiling, &subject.rules);
        let mut stage = Self {
            subject,
            loser,
            ceiling,
            world,
            steps: Vec::new(),
            orders: 0,
            settled: false,
            looked: None,
        };
        // Here merges happen, and here is looked.
        let _ = stage.world.replica("laptop", ACCOUNT);
        for (device, skew_ms) in Device::ALL.into_iter().zip(tale.skew_ms) {
            if skew_ms != 0 {
                let (at, skew_ms) = (device.site().to_owned(), i64::from(skew_ms));
                stage.moment(if how.right_clocks {
                    Verb::Advance { ms: 0 }
                } else {
                    Verb::Clock { at, skew_ms }
                });
            }
        }
        for (at, tap) in tale.before.iter().enumerate() {
            stage.unaware(tap, at, &how);
        }
        let mut known = vec!["laptop", "phone"];
        if tale.second_guest {
            known.push("watch");
        }
        if how.hear {
            known.extend(["tablet", "kiosk"]);
        }
        stage.sync(&known);
        let guests: &[&str] = match (tale.second_guest, how.turned) {
            (false, _) => &[GUEST],
            (true, false) => &[GUEST, SECOND_GUEST],
            (true, true) => &[SECOND_GUEST, GUEST],
        };
        for guest in guests {
            if how.merge && how.guests {
                stage.merge("laptop", guest);
            } else {
                stage.idle();
            }
        }
        stage.look(how.look);
        for (at, tap) in tale.late.iter().enumerate() {
            stage.unaware(tap, tale.before.len() + at, &how);
            if tap.device == Device::Kiosk {
                if how.look {
                    stage.sync(&["laptop", "phone", "kiosk"]);
                } else {
                    stage.idle();
                }
                stage.look(how.look);
            }
        }
        stage.hear();
        stage
    }

    /// Does one more thing on the account's cart, at a device that has heard of everything.
    /// Whether it could be done.
    pub(super) fn aware(&mut self, tap: &Tap) -> bool {
        if tap.deed == Deed::Meet {
            return false;
        }
        let side = self.side_of(tap);
        let act = self.act_of(tap.deed, side);
        self.act(tap.device.site(), ACCOUNT, act)
    }

    /// The side that a tap is about: the guest's, if it asks for that and the line is split.
    fn side_of(&mut self, tap: &Tap) -> Option<SideName> {
        let line = line(tap.deed.line()?);
        let here = rows(&self.world.view(tap.device.site(), ACCOUNT));
        let split = here.iter().any(|row| row.line == line && row.side == Some(SideName::Guest));
        (tap.guests_row && split).then_some(SideName::Guest)
    }

    /// The row that a tap is about.
    pub(super) fn row_of(&mut self, tap: &Tap) -> Option<RowRef> {
        let name = RowName::of(&line(tap.deed.line()?), self.side_of(tap));
        let prefer = match tap.deed {
            Deed::Add { .. } | Deed::Set { .. } | Deed::Save { .. } => Some(List::Active),
            Deed::Back { .. } => Some(List::Saved),
            _ => None,
        };
        row_ref(self.world.replica(tap.device.site(), ACCOUNT), &name, prefer).ok()
    }

    /// Everybody hears of everything.
    pub(super) fn hear(&mut self) {
        self.moment(Verb::Sync(None));
    }

    fn unaware(&mut self, tap: &Tap, at: usize, how: &Telling) {
        let of_guest = tap.device.cart() != ACCOUNT;
        let about = tap.deed.line().zip(how.only).is_some_and(|(line, only)| line != only);
        if how.without == Some(at) || about || (of_guest && !how.guests) {
            return self.idle();
        }
        match tap.deed {
            Deed::Order | Deed::Back { .. } => self.idle(),
            Deed::Meet => match tap.device {
                Device::Laptop | Device::Tablet => self.both(ACCOUNT, ["laptop", "tablet"]),
                Device::Phone | Device::Kiosk => self.both(GUEST, ["phone", "kiosk"]),
                Device::Watch => self.idle(),
            },
            deed => {
                let act = self.act_of(deed, None);
                self.act(tap.device.site(), tap.device.cart(), act);
            }
        }
    }

    fn act_of(&mut self, deed: Deed, side: Option<SideName>) -> Act {
        let row = |at: u8| RowName::of(&line(at), side);
        let quantity = i64::from;
        match deed {
            Deed::Add { line, units } => {
                Act::Add { row: row(line), quantity: quantity(units), price: None }
            }
            Deed::Set { line, units } => {
                Act::Set { row: row(line), quantity: quantity(units), price: None }
            }
            Deed::Remove { line } => Act::Remove(row(line)),
            Deed::Save { line } => Act::SaveForLater(row(line)),
            Deed::Back { line } => Act::MoveToCart(row(line)),
            Deed::Note { line, text: at } => Act::Note { row: row(line), text: text(at) },
            Deed::Engrave { line, text: at } => {
                Act::Attribute { row: row(line), key: "engraving".into(), value: text(at) }
            }
            Deed::Order | Deed::Meet => {
                self.orders += 1;
                Act::Order { id: format!("O-{}", self.orders) }
            }
        }
    }

    fn act(&mut self, site: &str, cart: &str, act: Act) -> bool {
        self.world.tick();
        self.settled = false;
        let done = self.world.act(site, cart, &act).is_ok();
        let verb = if done {
            Verb::Act { at: site.into(), cart: cart.into(), act }
        } else {
            Verb::Advance { ms: 0 }
        };
        self.steps.push(step(verb));
        done
    }

    /// Merges a guest cart at a site, for the first time or again.
    pub(super) fn merge(&mut self, site: &str, guest: &str) -> bool {
        let policy = MergePolicy::of(self.subject.known().clone()).with_loser(self.loser);
        self.act(site, ACCOUNT, Act::Merge { guest: guest.into(), policy })
    }

    /// Takes a merge back.
    pub(super) fn unmerge(&mut self, guest: &str) -> bool {
        self.act("laptop", ACCOUNT, Act::Unmerge { guest: guest.into() })
    }

    /// A moment passes.
    pub(super) fn idle(&mut self) {
        self.moment(Verb::Advance { ms: 0 });
    }

    fn sync(&mut self, sites: &[&str]) {
        let there: Vec<String> = self.world.sites().map(str::to_owned).collect();
        let sites: Vec<String> =
            there.into_iter().filter(|at| sites.contains(&at.as_str())).collect();
        if sites.len() < 2 {
            return self.idle();
        }
        self.moment(Verb::Sync(Some(sites)));
    }

    /// Two devices of a cart exchange, whether they have acted before or not.
    fn both(&mut self, cart: &str, sites: [&str; 2]) {
        for site in sites {
            let _ = self.world.replica(site, cart);
        }
        self.sync(&sites);
    }

    fn moment(&mut self, verb: Verb) {
        self.world.tick();
        match &verb {
            Verb::Sync(Some(sites)) => self.world.share(sites),
            Verb::Sync(None) => self.meet(),
            Verb::Clock { at, skew_ms } => self.world.skew(at, *skew_ms),
            _ => {}
        }
        self.steps.push(step(verb));
    }

    fn meet(&mut self) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let all: Vec<String> = self.world.sites().map(str::to_owned).collect();
        self.world.share(&all);
    }

    /// Looks at the account's cart on the laptop, and expects what is seen there; or just lets the
    /// moment pass.
    fn look(&mut self, really: bool) {
        if !really {
            return self.idle();
        }
        let seen = self.seen();
        self.looked = Some(seen.clone());
        let expect = Expect { at: Some("laptop".into()), ..expect(&seen) };
        self.moment(Verb::Expect(expect));
    }

    /// What was seen at the last look, if there was one.
    pub(super) fn last_look(&self) -> Option<Rows> {
        self.looked.clone()
    }

    /// Tells the story so that something else was expected there.
    pub(super) fn expect_at_last_look(&mut self, rows: &Rows) {
        let look = self.steps.iter_mut().rev().find_map(|step| match &mut step.verb {
            Verb::Expect(look) => Some(look),
            _ => None,
        });
        if let Some(look) = look {
            *look = Expect { at: look.at.clone(), ..expect(rows) };
        }
    }

    /// What a cart shows on the laptop, once everybody knows everything.
    pub(super) fn final_rows(&mut self, cart: &str) -> Rows {
        if !self.world.has("laptop", cart) {
            let _ = self.world.replica("laptop", cart);
            self.settled = false;
        }
        self.meet();
        rows(&self.world.view("laptop", cart))
    }

    /// What the account's cart shows on the laptop.
    pub(super) fn seen(&mut self) -> Rows {
        rows(&self.world.view("laptop", ACCOUNT))
    }

    /// The same with all that a view has, at any site.
    pub(super) fn view(&mut self, site: &str) -> View {
        self.world.view(site, ACCOUNT)
    }

    /// Why.
    pub(super) fn explain(&mut self) -> Vec<Explanation> {
        self.world.replica("laptop", ACCOUNT).explain()
    }

    /// The state of the account's cart on the laptop.
    pub(super) fn cart(&mut self) -> crate::cart::Cart {
        self.world.replica("laptop", ACCOUNT).cart().clone()
    }

    /// What the account's cart shows at somebody who gets its deltas in other ways: as they were
    /// written, the other way round, and every second one twice and in front.
    pub(super) fn delivered(&self) -> Vec<Rows> {
        let made = self.world.made().iter().filter(|(cart, _)| cart == ACCOUNT);
        let forth: Vec<&Delta> = made.map(|(_, delta)| delta).collect();
        let back: Vec<&Delta> = forth.iter().rev().copied().collect();
        let mixed: Vec<&Delta> =
            forth.iter().skip(1).step_by(2).chain(&back).chain(&forth).copied().collect();
        let told = |deltas: Vec<&Delta>| {
            let id = ReplicaId::from_u128(u128::MAX);
            let replica = Replica::new(cart_id(ACCOUNT), id);
            let mut replica = replica.with_rules(self.subject.rules.clone());
            for delta in deltas {
                let _ = replica.join(delta);
            }
            rows(&replica.view())
        };
        [forth, back, mixed].map(told).into()
    }

    /// What was told, as a story that expects these rows of the account's cart.
    pub(super) fn story(&self, law: Law, rows: &Rows) -> Story {
        let mut steps = self.steps.clone();
        let waits = |step: &Step| matches!(step.verb, Verb::Sync(None) | Verb::Advance { .. });
        while steps.last().is_some_and(waits) {
            steps.pop();
        }
        Story {
            name: format!("{} keeps the law {law}", self.subject.known().name),
            why: Some(law.sentence().into()),
            ceiling: self.ceiling,
            steps,
            expect: vec![expect(rows)],
        }
    }
}

fn step(verb: Verb) -> Step {
    Step { line: 0, fails: None, verb }
}

fn expect(rows: &Rows) -> Expect {
    let of = |list: List| {
        let rows = rows.iter().filter(|row| row.list == list);
        let row = |row: &Shown| ExpectRow {
            key: row.line.clone(),
            quantity: row.units,
            side: row.side,
            note: None,
            gift: None,
            attributes: None,
            question: None,
            because: None,
        };
        rows.map(row).collect::<Vec<_>>()
    };
    Expect {
        line: 0,
        at: None,
        cart: ACCOUNT.into(),
        rows: Some([of(List::Active), of(List::Saved)]),
        coupons: None,
        shipping: None,
        note: None,
        orders: None,
    }
}
