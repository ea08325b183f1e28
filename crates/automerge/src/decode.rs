//! What the text of a key says, parsed into the library's types. Strictly: what a verb has no use
//! for is refused, since whoever wrote it meant something by it.

use std::mem::take;
use std::sync::Arc;

use super::action::{DeadText, EntryText};
use super::decode_body as of;
use super::error::Refused;
use super::names::{read_cart, read_dot, read_line, read_price, read_runs, read_scope};
use super::registers;
use holdall::cart::{
    Body, Entry, GuestUnmerge, List, OrderPlaced, Preserved, ReplacedDots, SetQuantity,
    SetSideEffects,
};
use holdall::clock::Time;
use holdall::dots::{Dot, Dots};
use holdall::id::{CartId, CouponCode, RuleName};
use holdall::limits;
use holdall::quantity::Quantity;

/// What the value of an action's key says.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Said {
    /// Its entry; none if it is born dead.
    pub(super) entry: Option<Entry>,
    /// What it makes dead, and so has to be known before it.
    pub(super) dead: Dots,
}

/// Reads the value of an action's key.
pub(super) fn action(home: CartId, dot: Dot, text: &str) -> Result<Said, Refused> {
    // A list of the fields in their order would be read as well.
    if !text.trim_start().starts_with('{') {
        return Err(Refused::NotAnObject);
    }
    let mut action: EntryText = serde_json::from_str(text)?;
    let verb = action.verb()?;
    let dead = read_runs("dead", &take(&mut action.dead))?;
    if dead.contains(dot) {
        return Err(Refused::Itself { what: "dead" });
    }
    // A removal may say when it was; the cart has no use for it.
    let time = time(&mut action)?;
    let entry = if take(&mut action.remove) {
        None
    } else {
        let time = time.ok_or(Refused::Lacks { verb, what: "at, in milliseconds since 1970" })?;
        Some(entry(home, dot, verb, time, &mut action)?)
    };
    // Whatever was of use has been taken out.
    if action != EntryText::default() {
        return Err(Refused::Superfluous { verb });
    }
    Ok(Said { entry, dead })
}

/// Reads the value of a key of the dead: what is dead, and what of it has to be known first.
pub(super) fn dead(text: &str) -> Result<(Dots, Dots), Refused> {
    if !text.trim_start().starts_with('{') {
        return Err(Refused::NotAnObject);
    }
    let text: DeadText = serde_json::from_str(text)?;
    let (mut dead, needs) = (read_runs("dead", &text.dead)?, read_runs("needs", &text.needs)?);
    dead.extend(&needs);
    Ok((dead, needs))
}

fn time(action: &mut EntryText) -> Result<Option<Time>, Refused> {
    let (at, tick) = (action.at.take(), take(&mut action.tick));
    let time = |ms: u64| {
        let limit = Time::MS_MAX;
        let late = Refused::Range { what: "at, in milliseconds since 1970,", limit };
        let ms = (ms <= limit).then_some(ms).ok_or(late)?;
        Ok(Time::from_bits(Time::from_ms(ms).bits() | u64::from(tick)))
    };
    at.map(time).transpose()
}

fn entry(
    home: CartId,
    dot: Dot,
    verb: &'static str,
    time: Time,
    action: &mut EntryText,
) -> Result<Entry, Refused> {
    let scope = read_scope(home, action.scope.take().as_deref())?;
    let mut after = Vec::new();
    for guest in take(&mut action.after) {
        after.push(read_cart("after", &guest)?);
    }
    after.sort_unstable();
    after.dedup();
    if after.len() > limits::MERGES {
        return Err(Refused::Range { what: "the number of guests", limit: limits::MERGES as u64 });
    }
    let line = action.line.take().map(|line| read_line(&line)).transpose()?;
    let body = body(home, dot, action)?;
    let price = if body.is_contribution() {
        if line.is_none() {
            return Err(Refused::Lacks { verb, what: "a line" });
        }
        action.price.take().map(|price| read_price(&price)).transpose()?
    } else {
        None
    };
    Ok(Entry { time, scope, seen_merges: after.into(), line, price, body })
}

fn body(home: CartId, dot: Dot, action: &mut EntryText) -> Result<Body, Refused> {
    if let Some(units) = action.add.take() {
        let (quantity, sided) = (Quantity::new(units)?, take(&mut action.sided));
        return Ok(Body::Add { quantity, sided });
    }
    if let Some(units) = action.set.take() {
        return set(home, dot, units, action);
    }
    if let Some(to) = action.move_to.take() {
        let dots: Result<Vec<Dot>, _> =
            take(&mut action.dots).iter().map(|text| read_dot("dots", text)).collect();
        return Ok(Body::Move { to: to.into(), dots: of::ascending(dots?).into() });
    }
    if take(&mut action.stay) {
        return Ok(Body::Stay(Arc::new(preserved(action)?)));
    }
    if let Some(value) = registers::read(action)? {
        return Ok(Body::Register { value: Arc::new(value), sided: take(&mut action.sided) });
    }
    if let Some(code) = action.coupon.take() {
        return Ok(Body::Coupon(CouponCode::new(code)?.into()));
    }
    if let Some(given) = action.consent.take() {
        return Ok(Body::Consent(given));
    }
    if let Some(merge) = action.merge.take() {
        return Ok(Body::Merge(Arc::new(of::merge(merge)?)));
    }
    if let Some(unmerge) = action.unmerge.take() {
        let guest = read_cart("guest", &unmerge.guest)?;
        return Ok(Body::Unmerge(GuestUnmerge { guest, claim: unmerge.claim }.into()));
    }
    if let Some(order) = action.order.take() {
        let (id, bought) = of::order(home, order)?;
        let seen = read_runs("seen", &take(&mut action.seen))?.into();
        let preserved = preserved(action)?;
        return Ok(Body::Order(Arc::new(OrderPlaced { id, bought, seen, preserved })));
    }
    if let Some(rule) = action.expired.take() {
        return Ok(Body::Expired { rule: RuleName::new(rule)?.into() });
    }
    // There is exactly one verb, and it is none of the others.
    let unknown = action.unknown.take().ok_or(Refused::Verbs { verbs: 0 })?;
    of::unknown(&unknown)
}

fn set(home: CartId, dot: Dot, units: i64, action: &mut EntryText) -> Result<Body, Refused> {
    let seen = read_runs("seen", &take(&mut action.seen))?;
    // What its own writer wrote before goes without saying.
    if seen.last(dot.replica) > 0 {
        return Err(Refused::Itself { what: "seen" });
    }
    Ok(Body::Set(Arc::new(SetQuantity {
        quantity: Quantity::new(units)?,
        list: action.list.take().map_or(List::Active, List::from),
        sided: take(&mut action.sided),
        seen: seen.into(),
        covers: ReplacedDots::from(&read_runs("covers", &take(&mut action.covers))?),
        settled: SetSideEffects::of(
            of::replaced_guest_units(home, take(&mut action.took))?,
            preserved(action)?,
        ),
    })))
}

fn preserved(action: &mut EntryText) -> Result<Preserved, Refused> {
    of::preserved(take(&mut action.pins), take(&mut action.lacks))
}
