//! Actions of every verb, for suites that must not forget one.

use holdall::action::Action;
use holdall::cart::{Gift, List};
use holdall::id::{AttributeKey, CartId, CouponCode, LineKey, ShippingOption, Text};
use holdall::money::Money;
use holdall::quantity::Quantity;
use holdall::view::{RowRef, Side};

/// Lists actions of every verb, in the order of their kind numbers. Any two differ, most of them in
/// one field.
///
/// ```
/// use holdall::Action;
/// use holdall_testkit::sample_actions;
/// let mut names: Vec<&str> = sample_actions().iter().map(Action::name).collect();
/// names.dedup();
/// assert_eq!(names, Action::NAMES);
/// ```
///
/// # Panics
/// Never: the names and numbers in it are valid.
#[must_use]
pub fn sample_actions() -> Vec<Action> {
    let line = |sku: &str| LineKey::sku(sku).expect("a SKU");
    let row = RowRef::active(line("A"));
    let [text, other] = ["a", "ab"].map(|text| Text::new(text).expect("a text"));
    let price = |amount: &str, currency: &str| Money::parse(amount, currency).ok();
    let units = |units: u32| Quantity::new(units).expect("a quantity");
    let add = |row: &RowRef, quantity, price| Action::Add {
        row: row.clone(),
        quantity: units(quantity),
        price,
    };
    let set = |quantity| Action::Set { row: row.clone(), quantity, price: None };
    let note = |text: Option<&Text>| Action::Note { row: row.clone(), text: text.cloned() };
    let gift = |gift| Action::Gift { row: row.clone(), gift };
    let attribute = |key: &str, value: Option<&Text>| Action::Attribute {
        row: row.clone(),
        key: AttributeKey::new(key).expect("a key"),
        value: value.cloned(),
    };
    let code = |code: &str| CouponCode::new(code).expect("a code");
    let option = |option: &str| ShippingOption::new(option).expect("an option");
    // A digest of all of these is pinned: put a new verb's at the end.
    vec![
        add(&row, 1, None),
        add(&row, 2, None),
        add(&row, 1 << 8, None),
        add(&row, 1, price("1", "EUR")),
        add(&row, 1, price("2", "EUR")),
        add(&row, 1, price("1.0", "EUR")),
        add(&row, 1, price("1", "SEK")),
        add(&RowRef::active(line("B")), 1, None),
        add(&RowRef::active(line("AA")), 1, None),
        add(&RowRef::saved(line("A")), 1, None),
        add(&row.clone().on(Side::Account), 1, None),
        add(&row.clone().on(Side::Guest(CartId::from_u128(1))), 1, None),
        add(&row.clone().on(Side::Guest(CartId::from_u128(2))), 1, None),
        set(1),
        set(0),
        Action::Remove { row: row.clone() },
        Action::Clear { list: List::Active },
        Action::Clear { list: List::Saved },
        Action::Move { row: row.clone() },
        note(None),
        note(Some(&text)),
        note(Some(&other)),
        gift(None),
        gift(Some(Gift { wrap: false, message: None })),
        gift(Some(Gift { wrap: true, message: None })),
        gift(Some(Gift { wrap: true, message: Some(text.clone()) })),
        attribute("a", None),
        attribute("a", Some(&text)),
        attribute("a", Some(&other)),
        attribute("b", Some(&text)),
        Action::CartNote { text: None },
        Action::CartNote { text: Some(text.clone()) },
        Action::Shipping { option: None },
        Action::Shipping { option: Some(option("a")) },
        Action::Shipping { option: Some(option("b")) },
        Action::Coupon { code: code("A") },
        Action::Coupon { code: code("B") },
        Action::DropCoupon { code: code("A") },
        Action::Consent { given: false },
        Action::Consent { given: true },
    ]
}
