//! What is seen, held against the obvious model.

use std::collections::{BTreeMap, BTreeSet};

use super::history_run::holds;
use crate::counterexample::Verdict;
use crate::history::{ActionTaken, History, HistoryAction, HistoryWorld, OWN_RULE, RULES, line};
use crate::law::Law;
use crate::model::{
    ActionStamp, FactId, KnownFacts, Model, ModelAction, ModelList, ModelOrder, ModelPolicy,
    ModelRow, ModelRowRef, ModelSide, ModelView,
};
use crate::reference_state::{digest, each};
use holdall::action::Action;
use holdall::cart::{Body, Cart, Delta, List};
use holdall::dots::Dot;
use holdall::id::{LineKey, Text};
use holdall::limits;
use holdall::view::{self, Notice, RowRef, View};

/// Checks [`Law::AsTheModel`] at each author after each action, and at every replica in the end.
///
/// # Errors
/// The replica that shows something else than the model.
pub fn as_the_model(history: &History) -> Verdict {
    let mut told = ModelCheck::default();
    let world = HistoryWorld::run(history, |acted| {
        told.note(&acted);
        told.holds(acted.node.replica.cart(), &acted.node.replica.view())
    })?;
    for node in &world.nodes {
        told.holds(node.replica.cart(), &node.replica.view())?;
    }
    Ok(())
}

/// The model, and what its facts are called elsewhere. Two regions may write one merge with two
/// contents; these are two facts of one dot, of which a replica has one.
#[derive(Default)]
struct ModelCheck {
    model: Model<LineKey>,
    names: BTreeMap<(Dot, Option<u128>), FactId>,
}

impl ModelCheck {
    fn note(&mut self, acted: &ActionTaken<'_>) {
        let Some(dot) = own(acted) else { return };
        let time = acted.delta.live().get(&dot).map_or(0, |entry| entry.time.bits());
        let (ms, count) = (time >> 16, (time & 0xffff) as u32);
        let stamp = ActionStamp { ms, count, writer: dot.replica.as_u128(), seq: dot.seq };
        let Some(did) = did(acted) else { return };
        let author = self.known(acted.cart);
        let name = (dot, copy(acted.node.replica.cart(), dot));
        let fact = self.model.act(&author, acted.cart.id(), stamp, did);
        self.names.insert(name, fact);
    }

    /// Returns the facts of a state. A known dot is a fact whose whole delta was joined, with one
    /// exception: a merge or a late absorption brings dead dots of the guest without the actions
    /// that removed them.
    fn known(&self, cart: &Cart) -> KnownFacts<LineKey> {
        let name = |dot: Dot| {
            let fact = self.names.get(&(dot, copy(cart, dot)));
            *fact.unwrap_or_else(|| panic!("{dot} is known, and nobody did it"))
        };
        let dots = each(cart.context());
        let mut known = KnownFacts::of(&self.model, dots.iter().map(|dot| name(*dot)));
        let dead = dots.into_iter().filter(|dot| !cart.live().contains_key(dot)).map(name);
        for fact in dead.filter(|fact| self.model.cart_of(*fact) != cart.id()) {
            known.hear_of_the_end(&self.model, fact);
        }
        known
    }

    fn holds(&self, cart: &Cart, view: &View) -> Verdict {
        let says = self.model.shown(&self.known(cart), cart.id(), limits::CEILING_UNITS);
        let sees = shown(view);
        let what = || format!("the model says {says:#?}, seen is {sees:#?}");
        holds(Law::AsTheModel, says == sees, what)
    }
}

/// Returns the digest of a merge's content, which differs where two regions wrote the merge.
fn copy(cart: &Cart, dot: Dot) -> Option<u128> {
    let entry = cart.live().get(&dot)?;
    matches!(entry.body, Body::Merge(_)).then(|| digest(dot, &entry))
}

/// Returns the dot that an action wrote; `None` if the action was done before.
fn own(acted: &ActionTaken<'_>) -> Option<Dot> {
    match (acted.action, acted.guest) {
        (HistoryAction::Absorb { .. }, _) => None,
        (HistoryAction::Merge { .. }, Some((_, claim))) => {
            acted.delta.live().contains_key(&claim.dot()).then(|| claim.dot())
        }
        _ => each(&acted.delta.own()).first().copied(),
    }
}

const fn shelf(list: List) -> ModelList {
    match list {
        List::Active => ModelList::Active,
        List::Saved => ModelList::Saved,
    }
}

fn side(side: view::Side) -> ModelSide {
    match side {
        view::Side::Account => ModelSide::Account,
        view::Side::Guest(guest) => ModelSide::Guest(guest),
    }
}

const NOTE: &str = "a note";
const GIFT: &str = "a gift";
const SHIPPING: &str = "shipping";

fn shown(view: &View) -> ModelView<LineKey> {
    let row = |row: &view::Row| {
        let attributes = row.attributes.iter().map(|(key, v)| (key.to_string(), v.to_string()));
        let mut registers: BTreeMap<String, String> = attributes.collect();
        registers.extend(row.note.as_ref().map(|note| (NOTE.into(), note.to_string())));
        registers.extend(row.gift.as_ref().map(|gift| (GIFT.into(), format!("{gift:?}"))));
        let shown = ModelRow {
            units: row.asked,
            quantity: row.quantity,
            registers,
            price: row.seen_price,
            question: row.question,
            because: row.because.as_ref().map(|rule| rule.name.to_string()),
        };
        ((row.line.clone(), shelf(row.list), row.side.map(side)), shown)
    };
    let mut registers = BTreeMap::new();
    registers.extend(view.note.as_ref().map(|note| (NOTE.into(), note.to_string())));
    registers.extend(view.shipping.as_ref().map(|option| (SHIPPING.into(), option.to_string())));
    let (mut bought_twice, mut undecided) = (BTreeMap::new(), BTreeSet::new());
    for notice in &view.notices {
        match notice {
            Notice::ConcurrentOrders { orders, lines } => {
                let ids = orders.iter().map(ToString::to_string).collect();
                bought_twice.insert(ids, lines.iter().cloned().collect());
            }
            Notice::PolicyUnavailable { line, .. } => {
                undecided.insert(line.clone());
            }
            _ => {}
        }
    }
    let ordered = |order: &view::OrderView| ModelOrder {
        id: order.id.to_string(),
        lines: order.lines.iter().cloned().collect(),
    };
    ModelView {
        rows: view.rows().map(row).collect(),
        coupons: view.coupons.iter().map(ToString::to_string).collect(),
        registers,
        consent: view.consent,
        orders: view.orders.iter().map(ordered).collect(),
        bought_twice,
        undecided,
    }
}

/// Translates an action into the model's terms.
fn did(acted: &ActionTaken<'_>) -> Option<ModelAction<LineKey>> {
    match acted.action {
        HistoryAction::Shop(_) => acted.shopped.as_ref().map(shopped),
        HistoryAction::Order => {
            Some(ModelAction::Order { id: ordered(acted.delta)?, ceiling: limits::CEILING_UNITS })
        }
        HistoryAction::Expire => Some(ModelAction::Expire),
        HistoryAction::Merge { rule, save_loser, ceiling, .. } => {
            let (_, claim) = acted.guest?;
            let (pattern, own) = OWN_RULE;
            let lines = (0..3).map(line).filter(|line| line.product() == pattern).collect();
            let policy = ModelPolicy {
                rule: RULES[usize::from(rule)].into(),
                overrides: if ceiling { vec![(lines, own.into())] } else { Vec::new() },
                save_loser,
                ceiling: ceiling.then_some(4),
            };
            Some(ModelAction::Merge { guest: claim.guest, claim: claim.number, policy })
        }
        HistoryAction::Unmerge { .. } => {
            acted.delta.live().values().find_map(|entry| match entry.body {
                Body::Unmerge(unmerge) => Some(ModelAction::Unmerge(unmerge.guest)),
                _ => None,
            })
        }
        HistoryAction::Absorb { .. } => None,
    }
}

/// Translates a shopper's action into the model's terms. The model has fewer verbs: it writes
/// registers by name.
///
/// # Panics
/// Panics if the model has no term for the verb.
fn shopped(action: &Action) -> ModelAction<LineKey> {
    let write = |row: Option<&RowRef>, key: &str, value: Option<String>| ModelAction::Write {
        row: row.map(named),
        key: key.into(),
        value,
    };
    let text = |text: &Option<Text>| text.as_ref().map(Text::to_string);
    match action {
        Action::Add { row, quantity, price } => {
            ModelAction::Add { row: named(row), units: quantity.get().into(), price: *price }
        }
        Action::Set { row, quantity: 0, .. } | Action::Remove { row } => {
            ModelAction::Remove(named(row))
        }
        Action::Set { row, quantity, price } => {
            ModelAction::Set { row: named(row), units: (*quantity).into(), price: *price }
        }
        Action::Clear { list } => ModelAction::Clear(shelf(*list)),
        Action::Move { row } => ModelAction::Move(named(row)),
        Action::Note { row, text: note } => write(Some(row), NOTE, text(note)),
        Action::Gift { row, gift } => {
            write(Some(row), GIFT, gift.as_ref().map(|gift| format!("{gift:?}")))
        }
        Action::Attribute { row, key, value } => write(Some(row), key.as_str(), text(value)),
        Action::CartNote { text: note } => write(None, NOTE, text(note)),
        Action::Shipping { option } => {
            write(None, SHIPPING, option.as_ref().map(ToString::to_string))
        }
        Action::Coupon { code } => ModelAction::Coupon(code.to_string()),
        Action::DropCoupon { code } => ModelAction::Drop(code.to_string()),
        Action::Consent { given } => ModelAction::Consent(*given),
        #[allow(unreachable_patterns, reason = "the list of actions may grow")]
        other => panic!("the model has no words for {}", other.name()),
    }
}

fn named(row: &RowRef) -> ModelRowRef<LineKey> {
    ModelRowRef { line: row.line.clone(), shelf: shelf(row.list), side: row.side.map(side) }
}

/// Returns the id of the order that a delta states; `None` if the order was known before.
fn ordered(delta: &Delta) -> Option<String> {
    delta.live().values().find_map(|entry| match &entry.body {
        Body::Order(order) => Some(order.id.to_string()),
        _ => None,
    })
}
