//! The values that histories use: lines, texts, prices, policies, guests.

use holdall::cart::{Gift, LosingUnits, MergePolicy, RuleRef};
use holdall::id::{CartId, CouponCode, LineKey, ShippingOption, Text};
use holdall::money::Money;
use holdall::quantity::Quantity;

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

/// The guest carts.
pub const GUESTS: [CartId; 2] = [CartId::from_u128(11), CartId::from_u128(12)];

/// Returns a line of the histories.
#[must_use]
pub fn line(at: u8) -> LineKey {
    LineKey::sku(["X", "Y", "Z"][usize::from(at) % 3]).expect("a SKU")
}

/// Returns a quantity.
///
/// # Panics
/// Panics if the units are 0 or above the limit of a quantity.
#[must_use]
pub fn quantity(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

/// Returns the policy of a merge action.
#[must_use]
pub fn policy(rule: u8, save_loser: bool, ceiling: bool) -> MergePolicy {
    let rule = RuleRef::first(RULES[usize::from(rule)]).expect("a name");
    let loser = if save_loser { LosingUnits::SaveForLater } else { LosingUnits::Hide };
    let policy = MergePolicy::of(rule).with_loser(loser);
    if !ceiling {
        return policy;
    }
    let own = policy.with_ceiling(quantity(4)).with_override(OWN_RULE.0, OWN_RULE.1);
    own.expect("a pattern and a name")
}

/// Under a ceiling one line has a rule of its own.
pub const OWN_RULE: (&str, &str) = ("Z", "max");

/// Returns the price that is seen with an action: none, one of two, or one in another currency.
///
/// # Panics
/// Never: these are prices.
#[must_use]
pub fn price(now: u64, units: u32) -> Option<Money> {
    let seen = [None, Some(("2.60", "EUR")), Some(("3.00", "EUR")), Some(("3", "USD"))];
    let (amount, currency) = seen[((now / 1_000 + u64::from(units)) % 4) as usize]?;
    Some(Money::parse(amount, currency).expect("a price"))
}

/// Returns a gift option of the histories.
#[must_use]
pub fn gift(at: u8) -> Gift {
    let message = (at > 0).then(|| text(at));
    Gift { wrap: at != 1, message }
}

/// Returns a text of the histories.
///
/// # Panics
/// Never: these are texts.
#[must_use]
pub fn text(at: u8) -> Text {
    Text::new(format!("note {at}")).expect("a text")
}

/// Returns a shipping option of the histories.
///
/// # Panics
/// Never: these are options.
#[must_use]
pub fn shipping(at: u8) -> ShippingOption {
    ShippingOption::new(["express", "post"][usize::from(at) % 2]).expect("an option")
}

/// The attribute that histories write.
pub const ENGRAVING: &str = "engraving";

/// Returns a coupon code of the histories.
pub(super) fn code(at: u8) -> CouponCode {
    CouponCode::new(["SPRING", "TEN"][usize::from(at) % 2]).expect("a code")
}
