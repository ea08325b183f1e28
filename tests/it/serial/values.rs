//! Fixed values of every type, and strategies for random ones.

use holdall::cart::*;
use holdall::cart::{ConsumedUnits, Preserved, PreservedDeduction, PreservedPlacement};
use holdall::dots::*;
use holdall::id::*;
use holdall::money::*;
use holdall::policy::*;
use holdall::quantity::*;
use holdall::sync::{Message, probe};
use holdall::view::*;
use holdall::*;
use proptest::prelude::*;

use super::formats::Case;
use crate::samples::{self, CART, GUEST, LAPTOP, PHONE, dot, units};

/// An id with bits in every byte.
pub(super) const ODD: u128 = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;

pub(super) fn line(text: &str) -> LineKey {
    LineKey::sku(text).expect("a SKU")
}

pub(super) fn text(text: &str) -> Text {
    Text::new(text).expect("a text")
}

/// A replica whose view has all that a view can have, two sides of a line and a question too.
pub(super) fn busy() -> Replica {
    let tee = samples::tee();
    let row = RowRef::active(tee.clone());
    let money = |amount, currency| Money::parse(amount, currency).ok();
    let mut phone = Replica::new(GUEST, PHONE);
    let mut laptop = Replica::new(CART, LAPTOP).with_options(ViewOptions { ceiling: 6 });
    let act = |delta: Result<Delta, ActionError>| drop(delta.expect("an action"));
    act(phone.add(1_000, &tee, units(3), money("2.60", "EUR")));
    act(phone.note(2_000, &row, Some(text("from the phone"))));
    act(phone.coupon(2_500, CouponCode::new("GUEST").expect("a code")));
    act(laptop.add(1_500, &tee, units(2), money("3", "USD")));
    act(laptop.add(1_600, &line("MUG"), units(9), None));
    act(laptop.set(1_700, &RowRef::active(line("MUG")), 8, None));
    act(laptop.add(1_800, &line("CAP"), units(1), None));
    act(laptop.move_to(1_900, &RowRef::active(line("CAP")), List::Saved));
    act(laptop.coupon(2_200, CouponCode::new("SPRING10").expect("a code")));
    act(laptop.shipping(2_300, Some(ShippingOption::new("express").expect("an option"))));
    act(laptop.cart_note(2_400, Some(text("the bell is broken"))));
    act(laptop.consent(2_500, true));
    let order = OrderId::new("2026-17").expect("an id");
    let snapshot = laptop.snapshot().expect("a snapshot");
    act(laptop.order(2_600, order, &snapshot));
    act(laptop.add(2_700, &tee, units(2), money("3", "USD")));
    act(laptop.add(2_800, &line("MUG"), units(9), None));
    let gift = Gift { wrap: true, message: Some(text("Alles Gute!\n\"A.\"")) };
    act(laptop.gift(2_850, &row, Some(gift)));
    let engraving = AttributeKey::new("engraving").expect("a key");
    act(laptop.attribute(2_900, &row, engraving, Some(text("for A."))));
    let claim = Claim { guest: GUEST, account: CART, number: 1 };
    act(laptop.merge(3_000, claim, MergePolicy::rule("ask").expect("a rule"), phone.cart()));
    laptop
}

/// A policy with all that one can have.
pub(super) fn policy() -> MergePolicy {
    let other = Override {
        lines: SkuPattern::new("GIFT-*").expect("a pattern"),
        rule: Some(RuleRef { name: RuleName::new("own").expect("a name"), version: 7 }),
        ceiling: Some(units(5)),
        loser: Some(LosingUnits::Hide),
    };
    let plain =
        Override { lines: other.lines.clone(), rule: None, ceiling: Some(units(1)), loser: None };
    let policy = MergePolicy::rule("max").expect("a rule").with_ceiling(units(300));
    let policy = policy.with_loser(LosingUnits::SaveForLater).with(other).expect("an override");
    policy.with(plain).expect("an override")
}

/// What messages of an exchange there are.
fn messages(replica: &Replica) -> Vec<Message> {
    let (cart, have) = (replica.cart().id(), replica.cart().have());
    let (delta, fingerprint) = (replica.cart().to_delta(), replica.fingerprint());
    vec![
        probe(replica),
        Message::Same { cart },
        Message::Have { cart, have: have.clone() },
        Message::Have { cart, have: Have { erased: true, ..Have::default() } },
        Message::Answer { delta: delta.clone(), have: Some(have), fingerprint },
        Message::Answer { delta: delta.clone(), have: None, fingerprint },
        Message::All { delta, fingerprint, reply: true },
    ]
}

/// Fixed values of every type, each with its name.
pub(super) fn all() -> Vec<(String, Box<dyn Case>)> {
    let mut all: Vec<(String, Box<dyn Case>)> = Vec::new();
    let busy = busy();
    macro_rules! add {
        ($($value:expr),+ $(,)?) => {$({
            all.push((stringify!($value).to_owned(), Box::new($value)));
        })+};
    }
    add!(
        CartId::from_u128(ODD),
        ReplicaId::from_u128(ODD),
        dot(PHONE, 70_000),
        Dots::default(),
        busy.cart().context().clone(),
        busy.cart().have(),
        busy.fingerprint(),
        Quantity::ONE,
        units(1_000_000),
        Money::parse("0.0005", "EUR").expect("a price"),
        Money::from_parts(10_u64.pow(19) - 1, 0, Currency::new("JPY").expect("one")).expect("one"),
        Currency::new("EUR").expect("a currency"),
        Time::from_bits(u64::MAX),
        Time::from_ms(1_700_000_000_000),
        line("TEE"),
        samples::tee(),
        text("Zeile\n\tzwei \u{1f6d2}"),
        CouponCode::new("spring10").expect("a code"),
        AttributeKey::new("engraving").expect("a key"),
        Bundle::new("outfit").expect("a bundle"),
        OptionKey::new("size").expect("a key"),
        OptionValue::new("M").expect("a value"),
        OrderId::new("2026-17").expect("an id"),
        RuleName::new("max").expect("a name"),
        ShippingOption::new("express").expect("an option"),
        Sku::new("TEE").expect("a SKU"),
        Tag::new("for Ada").expect("a tag"),
        SkuPattern::new("GIFT-*").expect("a pattern"),
        RuleRef::first("max").expect("a rule"),
        List::Saved,
        LosingUnits::SaveForLater,
        Choice::Split,
        Side::Account,
        Side::Guest(GUEST),
        RowRef::active(samples::tee()),
        RowRef::saved(line("MUG")).on(Side::Guest(GUEST)),
        ViewOptions { ceiling: u64::MAX },
        Gift { wrap: false, message: None },
        Gift { wrap: true, message: Some(text("hi")) },
        Claim { guest: GUEST, account: CART, number: 3 },
        policy(),
        MergePolicy::rule("sum").expect("a rule"),
        ConsumedUnits { dot: dot(PHONE, 1), units: 3, scope: GUEST, set: Some(List::Saved) },
        PreservedPlacement { dot: dot(PHONE, 1), list: List::Saved, until: Some(GUEST) },
        PreservedDeduction { set: dot(PHONE, 9), taken: dot(PHONE, 2), units: 3 },
        Preserved::default(),
        View::default(),
        View { erased: true, ..View::default() },
        busy.view(),
        Delta::erasure(CART),
    );
    for explanation in busy.explain() {
        all.push((format!("{}", explanation.line), Box::new(explanation)));
    }
    let mut plain = Replica::new(CART, PHONE);
    drop(plain.add(1_000, &samples::tee(), units(3), None).expect("an add"));
    drop(plain.add(1_000, &line("MUG"), units(2), None).expect("an add"));
    let snapshot = plain.snapshot().expect("a snapshot");
    add!(OrderKey::of(CART, &snapshot.bought), snapshot);
    for message in messages(&plain) {
        all.push((format!("{message:?}"), Box::new(message)));
    }
    for (name, sample) in samples::all() {
        match sample {
            samples::Sample::Cart(cart) => {
                let (rules, options) = (Registry::default(), ViewOptions::default());
                all.push((format!("view of {name}"), Box::new(view(&cart, &rules, &options))));
                for explanation in explain(&cart, &rules, &options) {
                    all.push((format!("explanation of {name}"), Box::new(explanation)));
                }
                all.push((name, Box::new(cart)));
            }
            samples::Sample::Delta(delta) => all.push((name, Box::new(delta))),
            samples::Sample::Message(message) => all.push((name, Box::new(message))),
            samples::Sample::Replica(_) => {}
        }
    }
    all
}

/// Names of every kind: plain and not, short and long.
pub(super) fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{1,12}", "[A-Zü\u{1f6d2} ]{1,60}", "[a-z]{250,256}"]
}

/// Lines with all that makes a line.
pub(super) fn lines() -> impl Strategy<Value = LineKey> {
    let options = prop::collection::btree_map("[a-zé]{1,8}", "[ -~]{1,20}", 0..4);
    let rest = (options, prop::option::of(name()), prop::option::of(name()));
    (name(), rest).prop_map(|(sku, (options, bundle, tag))| {
        let option = |(key, value): (String, String)| {
            (OptionKey::new(key).expect("a key"), OptionValue::new(value).expect("a value"))
        };
        let bundle = bundle.map(|bundle| Bundle::new(bundle).expect("a bundle"));
        let tag = tag.map(|tag| Tag::new(tag).expect("a tag"));
        let sku = Sku::new(sku).expect("a SKU");
        LineKey::new(sku, options.into_iter().map(option), bundle, tag).expect("a line")
    })
}

/// Every price that there can be.
pub(super) fn prices() -> impl Strategy<Value = Money> {
    let digits = prop_oneof![0..10_000_u64, any::<u64>()];
    (digits, 0..=4_u8, "[A-Z]{3}").prop_map(|(digits, scale, currency)| {
        let currency = Currency::new(&currency).expect("a currency");
        Money::from_parts(digits % 10_u64.pow(19), scale, currency).expect("a price")
    })
}

/// Sets of dots with gaps, of a few writers.
pub(super) fn dots() -> impl Strategy<Value = Dots> {
    let run = (0..4_u128, 1..60_u64, 0..9_u64);
    prop::collection::vec(run, 0..12).prop_map(|runs| {
        let mut dots = Dots::default();
        for (writer, first, more) in runs {
            dots.insert_run(ReplicaId::from_u128(writer * ODD), Run { first, last: first + more });
        }
        dots
    })
}

fn rules() -> impl Strategy<Value = RuleRef> {
    (name(), any::<u32>()).prop_map(|(name, version)| {
        let name = RuleName::new(name).expect("a name");
        RuleRef { name, version }
    })
}

/// Every merge policy that there can be.
pub(super) fn policies() -> impl Strategy<Value = MergePolicy> {
    let units = || prop::option::of((1..=limits::QUANTITY_UNITS).prop_map(units));
    let loser = || prop_oneof![Just(LosingUnits::Hide), Just(LosingUnits::SaveForLater)];
    let other = (name(), prop::option::of(rules()), units(), prop::option::of(loser())).prop_map(
        |(lines, rule, ceiling, loser)| {
            let lines = SkuPattern::new(&lines).expect("a pattern");
            Override { lines, rule, ceiling, loser }
        },
    );
    let overrides = prop::collection::vec(other, 0..4);
    (rules(), overrides, units(), loser()).prop_map(|(rule, overrides, ceiling, loser)| {
        MergePolicy { rule, overrides, ceiling, loser }
    })
}
