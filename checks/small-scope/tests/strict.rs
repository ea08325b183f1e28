//! What the library is known to do otherwise than the contract's letter.

use small_scope::carts::model::Carts;
use small_scope::carts::script::{Deed, Script};
use small_scope::run::run;

fn script() -> Script {
    Script {
        name: "a Move that is taken out".into(),
        start: 3,
        sites: vec![vec![Deed::Add(2)], vec![Deed::Set(5)], vec![Deed::Save]],
        guest: None,
        exchange: false,
    }
}

/// A saved row goes back to the cart for as long as a replica does not know why its Move places
/// nothing any more. When this test fails the library keeps to the letter: take `strict` out.
#[test]
fn a_move_is_taken_out_before_all_know_that_it_places_nothing() {
    let outcome = run("strict", "moves", || Carts::new(script(), true));
    let broken = outcome.broken.expect("the library follows the letter now: take `strict` out");
    assert!(broken.law.starts_with("nothing is lost or invented"), "{broken:?}");
    assert_eq!(broken.steps.len(), 6, "the shortest path: {broken:#?}");
}

/// And else nothing is wrong there.
#[test]
fn by_what_the_library_writes_all_is_well() {
    assert!(run("lenient", "moves", || Carts::new(script(), false)).broken.is_none());
}
