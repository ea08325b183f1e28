//! A world that went wrong as a scenario file.
//!
//! A story has no packets: what arrived becomes a `send` of all that the sender had. So not every
//! world can be told: in some a step cannot be taken, and some end otherwise. Whether this one can
//! is found out by telling it.

use std::fmt::Write;

use crate::scenario::shopping::StoryAction;
use crate::scenario::{Options, Story, tell};
use holdall::{Cart, CartId, LineKey, Registry, Row, Side, ViewOptions, view};

use super::action::SoakAction;
use super::node::NodeId;
use super::recorded_step::RecordedStep;
use super::world::SoakWorld;

impl SoakWorld {
    /// Returns the text of a [scenario](crate::scenario) file of that name that fails. `None`
    /// without findings, and if the findings need the packets, of which a scenario knows nothing.
    #[must_use]
    pub fn story(&self, name: &str) -> Option<String> {
        if self.findings.is_empty() { None } else { of(self, name) }
    }
}

/// Returns a world's story if its run fails too.
pub(super) fn of(world: &SoakWorld, name: &str) -> Option<String> {
    let text = write(world, name)?;
    let story = Story::parse(&text).ok()?;
    let options = Options { schedules: 5, ..Options::default() };
    // A step that cannot be taken just shows that packets matter here. The steps are the array
    // that begins on the third line.
    let steps = text.lines().position(|line| line == "]")? + 1;
    let failed = tell(&story, &options).err()?;
    (failed.line > steps).then_some(text)
}

/// Writes a world as a story, whether the story fails or not.
pub(super) fn write(world: &SoakWorld, name: &str) -> Option<String> {
    let mut text = format!("name = \"{name}\"\n\nsteps = [\n");
    let machine = |node: &NodeId| &world.nodes[*node].name;
    for (at, node) in world.nodes.iter().enumerate() {
        let skew = world.simulation.skew_ms(&at);
        writeln!(text, "  {{ clock = {{ at = \"{}\", skew = \"{skew}ms\" }} }},", node.name)
            .ok()?;
    }
    for told in &world.told {
        let step = match told {
            RecordedStep::Act { at, cart, action } => {
                let Some(verb) = verb(world, action) else { continue };
                format!("at = \"{}\", cart = \"{}\", {verb}", machine(at), cart_name(world, *cart))
            }
            RecordedStep::Merge { at, cart, guest, rule } => format!(
                "at = \"{}\", cart = \"{}\", merge = {{ guest = \"{}\", policy = \"{rule}\" }}",
                machine(at),
                cart_name(world, *cart),
                cart_name(world, *guest),
            ),
            RecordedStep::Send { from, to } => {
                format!("send = {{ from = \"{}\", to = \"{}\" }}", machine(from), machine(to))
            }
            RecordedStep::Restart(node) => format!("restart = \"{}\"", machine(node)),
        };
        writeln!(text, "  {{ {step} }},").ok()?;
    }
    text.push_str("]\n");
    for account in &world.accounts {
        let mut joined = Cart::new(*account);
        for delta in world.log.get(account).into_iter().flatten() {
            let _ = joined.join(delta).ok()?;
        }
        let seen = view(&joined, &Registry::default(), &ViewOptions::default());
        let cart = cart_name(world, *account);
        writeln!(text, "\n[[expect]]\ncart = \"{cart}\"").ok()?;
        writeln!(text, "lines = [{}]", rows(&seen.lines)).ok()?;
        writeln!(text, "saved = [{}]", rows(&seen.saved)).ok()?;
    }
    Some(text)
}

fn cart_name(world: &SoakWorld, cart: CartId) -> String {
    let place = |carts: &[CartId]| carts.iter().position(|other| *other == cart);
    match (place(&world.accounts), place(&world.guests)) {
        (Some(at), _) => format!("account-{at}"),
        (None, at) => format!("guest-{}", at.unwrap_or_default()),
    }
}

fn side(side: Option<Side>) -> &'static str {
    match side {
        None => "",
        Some(Side::Account) => ", side = \"account\"",
        Some(Side::Guest(_)) => ", side = \"guest\"",
    }
}

fn sku(line: &LineKey) -> &str {
    line.product()
}

fn rows(rows: &[Row]) -> String {
    let one = |row: &Row| {
        let side = side(row.side);
        format!("{{ sku = \"{}\", quantity = {}{side} }}", sku(&row.line), row.quantity)
    };
    rows.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Formats a verb of a story with its value.
fn verb(world: &SoakWorld, action: &SoakAction) -> Option<String> {
    Some(match action {
        SoakAction::Shop(action) => StoryAction::of(action)?.to_string(),
        SoakAction::Order(id) => format!("order = {{ id = \"{id}\" }}"),
        SoakAction::Unmerge(guest) => {
            format!("unmerge = {{ guest = \"{}\" }}", cart_name(world, *guest))
        }
        SoakAction::Expire => "expire = true".into(),
        SoakAction::Erase => "erase = true".into(),
    })
}
