//! What the actions of histories are: which row they are about, and which of a replica's verbs they
//! call with what.

use super::Action;
use super::world::GUESTS;
use holdall::cart::{Cart, Claim, Delta, Gift, List, Loser, MergePolicy, RuleRef};
use holdall::id::{AttributeKey, CouponCode, LineKey, OrderId, RuleName, ShippingOption, Text};
use holdall::money::Money;
use holdall::quantity::Quantity;
use holdall::replica::{ActionError, Replica};
use holdall::view::{Row, RowRef, View};

/// The rules that merges are by: those of the library, and one that no replica has.
pub const RULES: [&str; 10] = [
    "sum",
    "max",
    "latest",
    "prefer-account",
    "prefer-guest",
    "split-variant",
    "ask",
    "replace-with-guest",
    "keep-account",
    // One that no replica has.
    "nobody-has-it",
];

/// The lines of histories.
#[must_use]
pub fn line(at: u8) -> LineKey {
    LineKey::sku(["X", "Y", "Z"][usize::from(at) % 3]).expect("a SKU")
}

/// A quantity of the library's.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn quantity(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

/// The row an action is about, by the picture its author has.
pub(super) fn pick(action: Action, view: &View) -> Option<RowRef> {
    let all: Vec<&Row> = view.rows().collect();
    let of = |at: u8, rows: &[&Row]| match rows.len() {
        0 => None,
        len => Some(rows[usize::from(at) % len].reference()),
    };
    match action {
        Action::AddToRow { row, .. } => of(row, &view.lines.iter().collect::<Vec<_>>()),
        Action::SetRow { row, .. }
        | Action::Remove { row }
        | Action::Relocate { row }
        | Action::Note { row, .. }
        | Action::Gift { row, .. }
        | Action::Engrave { row, .. } => of(row, &all),
        Action::Add { line: at, .. } => Some(RowRef::active(line(at))),
        Action::Set { line: at, saved, .. } => {
            Some(if saved { RowRef::saved(line(at)) } else { RowRef::active(line(at)) })
        }
        _ => None,
    }
}

/// What the policy of a merge action is.
#[must_use]
pub fn policy(rule: u8, save_loser: bool, ceiling: bool) -> MergePolicy {
    let rule = RuleRef::first(RULES[usize::from(rule)]).expect("a name");
    let loser = if save_loser { Loser::SaveForLater } else { Loser::Hide };
    let policy = MergePolicy::of(rule).with_loser(loser);
    if !ceiling {
        return policy;
    }
    let own = policy.with_ceiling(quantity(4)).with_override(OWN_RULE.0, OWN_RULE.1);
    own.expect("a pattern and a name")
}

/// Under a ceiling one line has a rule of its own.
pub const OWN_RULE: (&str, &str) = ("Z", "max");

/// The price that is seen with an action: none, one of two, or one in another currency.
///
/// # Panics
/// Never: these are prices.
#[must_use]
pub fn price(now: u64, units: u32) -> Option<Money> {
    let seen = [None, Some(("2.60", "EUR")), Some(("3.00", "EUR")), Some(("3", "USD"))];
    let (amount, currency) = seen[((now / 1_000 + u64::from(units)) % 4) as usize]?;
    Some(Money::parse(amount, currency).expect("a price"))
}

/// The gift options of histories.
#[must_use]
pub fn gift(at: u8) -> Gift {
    let message = (at > 0).then(|| text(at));
    Gift { wrap: at != 1, message }
}

/// The texts of histories.
///
/// # Panics
/// Never: these are texts.
#[must_use]
pub fn text(at: u8) -> Text {
    Text::new(format!("note {at}")).expect("a text")
}

/// The shipping options of histories.
///
/// # Panics
/// Never: these are options.
#[must_use]
pub fn shipping(at: u8) -> ShippingOption {
    ShippingOption::new(["express", "post"][usize::from(at) % 2]).expect("an option")
}

/// The attribute that histories write.
pub const ENGRAVING: &str = "engraving";

pub(super) fn perform(
    replica: &mut Replica,
    now: u64,
    action: Action,
    row: Option<&RowRef>,
    guest: Option<&(Cart, Claim)>,
    guests: usize,
) -> Result<Delta, ActionError> {
    let list = |saved| if saved { List::Saved } else { List::Active };
    let code = |at| CouponCode::new(["SPRING", "TEN"][usize::from(at)]).expect("a code");
    let nothing = || Err(ActionError::NothingToOrder);
    match action {
        Action::CartNote { text: at } => return replica.cart_note(now, at.map(text)),
        Action::Shipping { option } => return replica.shipping(now, option.map(shipping)),
        Action::Coupon { code: at } => return replica.coupon(now, code(at)),
        Action::DropCoupon { code: at } => return replica.drop_coupon(now, &code(at)),
        Action::Consent { given } => return replica.consent(now, given),
        Action::Clear { saved } => return replica.clear(now, list(saved)),
        Action::Expire => return replica.expire(now, RuleName::new("idle").expect("a name")),
        Action::Order => {
            let snapshot = replica.snapshot()?;
            let id = OrderId::new(snapshot.key().to_string()).expect("an id");
            return replica.order(now, id, &snapshot);
        }
        Action::Unmerge { guest } => {
            return replica.unmerge(now, GUESTS[usize::from(guest) % guests]);
        }
        _ => {}
    }
    if let (Action::Merge { rule, save_loser, ceiling, .. }, Some((guest, claim))) = (action, guest)
    {
        return replica.merge(now, *claim, policy(rule, save_loser, ceiling), guest);
    }
    if let (Action::Absorb { .. }, Some((guest, _))) = (action, guest) {
        return replica.absorb(guest);
    }
    let Some(row) = row else { return nothing() };
    match action {
        Action::Add { units, .. } => {
            replica.add(now, &row.line, quantity(units), price(now, units))
        }
        Action::AddToRow { units, .. } => {
            replica.add_to(now, row, quantity(units), price(now, units))
        }
        Action::Set { units, .. } | Action::SetRow { units, .. } => {
            replica.set(now, row, units, price(now, units))
        }
        Action::Remove { .. } => replica.remove(now, row),
        Action::Relocate { .. } => replica.relocate(now, row),
        Action::Note { text: at, .. } => replica.note(now, row, at.map(text)),
        Action::Gift { gift: at, .. } => replica.gift(now, row, at.map(gift)),
        Action::Engrave { text: at, .. } => {
            let key = AttributeKey::new(ENGRAVING).expect("a key");
            replica.attribute(now, row, key, at.map(text))
        }
        _ => nothing(),
    }
}
