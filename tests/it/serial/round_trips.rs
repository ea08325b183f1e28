//! What is written is read back equal, in every format, on random values and histories.

use holdall::cart::ConsumedUnits;
use holdall::cart::*;
use holdall::dots::*;
use holdall::id::*;
use holdall::limits;
use holdall::quantity::*;
use holdall::view::*;
use holdall::*;
use proptest::prelude::*;

use super::formats::there_and_back;
use super::history::{HistoryWorld, converse};
use super::strategies::histories;
use super::values::{self, ODD, dots, lines, name, policies, prices};
use super::{cases, values::text};

/// Fails the case with what is wrong.
fn check(back: Result<(), String>) -> Result<(), TestCaseError> {
    back.map_err(TestCaseError::fail)
}

#[test]
fn every_fixed_value_is_read_back() {
    for (name, value) in values::all() {
        assert_eq!(value.there_and_back(), Ok(()), "{name}");
    }
}

/// The fixed values are what they are there for: a view with each part, a line with two sides.
#[test]
fn the_fixed_view_has_every_part() {
    let view = values::busy().view();
    assert!(view.lines.iter().any(|row| row.side.is_some() && row.question));
    assert!(view.lines.iter().any(|row| row.gift.is_some() && !row.attributes.is_empty()));
    assert!(view.lines.iter().any(|row| row.note.is_some() && row.because.is_some()));
    assert!(view.rows().any(|row| row.quantity < row.asked) && !view.saved.is_empty());
    assert!(view.shipping.is_some() && view.note.is_some() && view.consent);
    assert!(!view.coupons.is_empty() && !view.orders.is_empty() && view.notices.len() > 2);
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn ids_and_numbers(
        id in any::<u128>(), seq in 1..=limits::SEQ_MAX, bits in any::<u64>(), number in 1_u32..,
        units in 1..=limits::QUANTITY_UNITS, prints in any::<(u128, u128)>(),
    ) {
        let (cart, replica) = (CartId::from_u128(id), ReplicaId::from_u128(id));
        check(there_and_back(&cart))?;
        check(there_and_back(&replica))?;
        check(there_and_back(&Dot::new(replica, seq)))?;
        check(there_and_back(&Time::from_bits(bits)))?;
        check(there_and_back(&Quantity::new(units).expect("a quantity")))?;
        let (live, context) = prints;
        check(there_and_back(&Fingerprint { live, context }))?;
        let account = CartId::from_u128(id ^ ODD);
        check(there_and_back(&Claim { guest: cart, account, number }))?;
        check(there_and_back(&ViewOptions { ceiling: bits }))?;
        let taken = ConsumedUnits { dot: Dot::new(replica, seq), units, scope: account, set: None };
        check(there_and_back(&taken))?;
    }

    #[test]
    fn names_lines_and_prices(
        name in name(), line in lines(), price in prices(), saved in any::<bool>(),
        side in prop::option::of(any::<Option<u128>>()), note in "[ -~\n\tü]{1,300}",
    ) {
        check(there_and_back(&Sku::new(&name).expect("a SKU")))?;
        check(there_and_back(&OrderId::new(&name).expect("an id")))?;
        check(there_and_back(&RuleName::new(&name).expect("a name")))?;
        if let Ok(code) = CouponCode::new(&name) {
            check(there_and_back(&code))?;
        }
        check(there_and_back(&text(&note)))?;
        check(there_and_back(&price))?;
        check(there_and_back(&price.currency()))?;
        check(there_and_back(&line))?;
        let row = if saved { RowRef::saved(line) } else { RowRef::active(line) };
        let side = side.map(|guest| guest.map_or(Side::Account, |id| Side::Guest(CartId::from_u128(id))));
        check(there_and_back(&RowRef { side, ..row }))?;
    }

    #[test]
    fn policies_and_sets_of_dots(policy in policies(), context in dots(), other in dots()) {
        check(there_and_back(&policy))?;
        check(there_and_back(&context))?;
        let live = context.intersection(&other);
        check(there_and_back(&Have { context, live, erased: false }))?;
    }
}

proptest! {
    #![proptest_config(cases(60))]

    /// Every state, delta, message, view, explanation and snapshot of a history.
    #[test]
    fn what_histories_make(history in histories(40), ceiling in 1..12_u64) {
        let mut world = HistoryWorld::run(&history, |_| Ok(())).expect("a check that never fails");
        for delta in world.log.values().flatten() {
            check(there_and_back(delta))?;
        }
        for node in &world.nodes {
            check(there_and_back(node.replica.cart()))?;
            check(there_and_back(&node.replica.cart().have()))?;
            let (cart, rules) = (node.replica.cart(), Registry::default());
            for options in [ViewOptions::default(), ViewOptions { ceiling }] {
                check(there_and_back(&view(cart, &rules, &options)))?;
                for explanation in explain(cart, &rules, &options) {
                    check(there_and_back(&explanation))?;
                }
                if let Ok(snapshot) = Observer::at(cart, &rules).snapshot(&options) {
                    check(there_and_back(&snapshot))?;
                    check(there_and_back(&snapshot.key()))?;
                }
            }
        }
        let (a, b) = world.nodes.split_at_mut(1);
        for message in converse(&mut a[0].replica, &mut b[0].replica) {
            check(there_and_back(&message))?;
        }
    }
}
