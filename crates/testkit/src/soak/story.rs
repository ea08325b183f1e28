//! A world that went wrong as a scenario file.
//!
//! A story has no packets: what arrived becomes a `send` of all that the sender had. So not every
//! world can be told: in some a step cannot be taken, and some end otherwise. Whether this one can
//! is found out by telling it.

use crate::scenario::row_name::SideName;
use crate::scenario::shopping::StoryAction;
use crate::scenario::story::{ExpectRow, ExpectView, StepKind, StoryAct, StoryStep};
use crate::scenario::{Options, Story, tell};
use holdall::{Cart, CartId, Registry, Row, ViewOptions, view};

use super::action::SoakAction;
use super::node::{NodeId, SoakNode};
use super::world::SoakWorld;

impl SoakWorld {
    /// Returns the text of a [scenario](crate::scenario) file of that name that fails. `None`
    /// without findings, and if the findings need the packets, of which a scenario knows nothing.
    #[must_use]
    pub fn story(&self, name: &str) -> Option<String> {
        if self.findings.is_empty() { None } else { of(self, name) }
    }

    /// Returns an action as a story has it; `None` for a verb that stories do not have.
    pub(super) fn story_act(&self, action: &SoakAction) -> Option<StoryAct> {
        Some(match action {
            SoakAction::Shop(action) => StoryAct::Shop(StoryAction::of(action)?),
            SoakAction::Order(id) => StoryAct::Order { id: id.clone() },
            SoakAction::Unmerge(guest) => StoryAct::Unmerge { guest: self.cart_name(*guest) },
            SoakAction::Expire => StoryAct::Expire,
            SoakAction::Erase => StoryAct::Erase,
        })
    }
}

/// Returns a world's story if its run fails too.
pub(super) fn of(world: &SoakWorld, name: &str) -> Option<String> {
    let text = write(world, name)?.to_string();
    let story = Story::parse(&text).ok()?;
    let options = Options { schedules: 5, ..Options::default() };
    // A step that cannot be taken just shows that packets matter here. The steps are the array
    // that begins on the third line.
    let steps = text.lines().position(|line| line == "]")? + 1;
    let failed = tell(&story, &options).err()?;
    (failed.line > steps).then_some(text)
}

/// Makes a story of a world, whether the story fails or not.
pub(super) fn write(world: &SoakWorld, name: &str) -> Option<Story> {
    let clock = |(at, node): (NodeId, &SoakNode)| {
        let skew_ms = world.simulation.skew_ms(&at);
        let verb = StepKind::Clock { at: node.name.clone(), skew_ms };
        StoryStep { line: 0, fails: None, verb }
    };
    let clocks = world.nodes.iter().enumerate().map(clock);
    let expect = |account: &CartId| {
        let mut joined = Cart::new(*account);
        for delta in world.log.get(account).into_iter().flatten() {
            let _ = joined.join(delta).ok()?;
        }
        let seen = view(&joined, &Registry::default(), &ViewOptions::default());
        let row =
            |row: &Row| ExpectRow::of_units(&row.line, row.quantity, row.side.map(SideName::from));
        let rows = [&seen.lines, &seen.saved].map(|rows| rows.iter().map(row).collect());
        Some(ExpectView::of_rows(&world.cart_name(*account), rows))
    };
    Some(Story {
        name: name.to_owned(),
        why: None,
        ceiling: None,
        steps: clocks.chain(world.steps.iter().cloned()).collect(),
        expect: world.accounts.iter().map(expect).collect::<Option<_>>()?,
    })
}
