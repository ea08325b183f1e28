//! What is seen, held against the obvious model.

use std::collections::BTreeMap;

use super::holds;
use crate::cart::{Cart, Delta, List};
use crate::clock::Time;
use crate::id::CartId;
use crate::testkit::history::{Acted, Action, History, Step, World};
use crate::testkit::law::Law;
use crate::testkit::model::{Did, Facts, Model, Shelf, Shown};
use crate::testkit::naive::each;
use crate::testkit::rule::Verdict;
use crate::view::{RowRef, View};

/// [`Law::AsTheModel`], for each cart by itself: merges are left out of the history.
///
/// # Errors
/// A replica sees something else than the model does.
pub fn as_the_model(history: &History) -> Verdict {
    let merges = |step: &Step| {
        let Step::Act(_, action) = step else { return false };
        matches!(action, Action::Merge { .. } | Action::Absorb { .. } | Action::Unmerge { .. })
    };
    let mut history = history.clone();
    history.steps.retain(|step| !merges(step));
    let mut models: BTreeMap<CartId, Model> = BTreeMap::new();
    let world = World::run(&history, |acted| {
        let cart = acted.node.replica.cart();
        let model = models.entry(cart.id()).or_default();
        if let (Some(dot), Some(did)) = (each(&acted.delta.own()).first(), did(&acted)) {
            let time = acted.delta.live().get(dot).map_or(Time::default(), |entry| entry.time);
            model.act(*dot, time, did, known(acted.cart));
        }
        as_model(model, cart, &acted.node.replica.view())
    })?;
    for node in &world.nodes {
        let cart = node.replica.cart();
        if let Some(model) = models.get(&cart.id()) {
            as_model(model, cart, &node.replica.view())?;
        }
    }
    Ok(())
}

/// A state's facts: a dot that is known is a fact whose whole delta was joined.
fn known(cart: &Cart) -> Facts {
    each(cart.context()).into_iter().collect()
}

fn as_model(model: &Model, cart: &Cart, view: &View) -> Verdict {
    let (says, sees) = (model.shown(&known(cart)), shown(view));
    holds(Law::AsTheModel, says == sees, || format!("the model says {says:#?}, seen is {sees:#?}"))
}

const fn shelf(list: List) -> Shelf {
    match list {
        List::Active => Shelf::Active,
        List::Saved => Shelf::Saved,
    }
}

fn shown(view: &View) -> Shown {
    let row = |row: &crate::view::Row| {
        let note = row.note.as_ref().map(ToString::to_string);
        ((row.line.clone(), shelf(row.list)), (row.asked, note))
    };
    Shown {
        rows: view.rows().map(row).collect(),
        coupons: view.coupons.iter().map(ToString::to_string).collect(),
        consent: view.consent,
        orders: view.orders.iter().map(|order| order.id.to_string()).collect(),
    }
}

/// What was done, in the model's words. The numbers of rows and lines are those that the author saw.
fn did(acted: &Acted<'_>) -> Option<Did> {
    let row = acted.row.as_ref();
    let of = |did: &dyn Fn(&RowRef) -> Did| row.map(did);
    let list = |saved| if saved { Shelf::Saved } else { Shelf::Active };
    let code = |at: u8| ["SPRING", "TEN"][usize::from(at)].to_owned();
    match acted.action {
        Action::Add { units, .. } | Action::AddToRow { units, .. } => {
            of(&|row| Did::Add(row.line.clone(), units.into()))
        }
        Action::Set { units, .. } | Action::SetRow { units, .. } => {
            of(&|row| Did::Set(row.line.clone(), shelf(row.list), units.into()))
        }
        Action::Remove { .. } => of(&|row| Did::Remove(row.line.clone(), shelf(row.list))),
        Action::Clear { saved } => Some(Did::Clear(list(saved))),
        Action::Relocate { .. } => of(&|row| Did::Move(row.line.clone(), shelf(row.list))),
        Action::Note { text, .. } => {
            of(&|row| Did::Note(row.line.clone(), text.map(|at| format!("note {at}"))))
        }
        Action::Coupon { code: at } => Some(Did::Coupon(code(at))),
        Action::DropCoupon { code: at } => Some(Did::Drop(code(at))),
        Action::Consent { given } => Some(Did::Consent(given)),
        Action::Order => ordered(acted.delta).map(Did::Order),
        Action::Expire => Some(Did::Expire),
        Action::Merge { .. } | Action::Absorb { .. } | Action::Unmerge { .. } => None,
    }
}

/// The id of the order that a delta states; one that was known already states none.
fn ordered(delta: &Delta) -> Option<String> {
    delta.live().values().find_map(|entry| match &entry.body {
        crate::cart::Body::Order(order) => Some(order.id.to_string()),
        _ => None,
    })
}
