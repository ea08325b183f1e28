//! A Move is taken out only together with what it placed.

use small_scope::carts::fold::List;
use small_scope::carts::model::Carts;
use small_scope::carts::script::{Deed, Script};
use small_scope::run::run;

/// Else a saved row would go back to the cart for as long as a replica does not know yet why its
/// Move places nothing any more.
fn holds(sites: [&[Deed]; 3]) {
    let script = Script {
        name: "a Move that is taken out".into(),
        start: 3,
        sites: sites.map(Vec::from).into(),
        guest: None,
        exchange: false,
    };
    let outcome = run("carts", "moves", || Carts::new(script.clone()));
    assert!(outcome.broken.is_none(), "{:#?}", outcome.broken);
}

#[test]
fn a_set_leaves_the_move_of_what_somebody_else_took_out() {
    holds([&[Deed::Remove], &[Deed::Set(5)], &[Deed::Move(List::Cart)]]);
}

#[test]
fn an_add_on_a_line_that_shows_nothing_leaves_the_move_of_what_is_gone() {
    holds([&[Deed::Remove], &[Deed::Remove, Deed::Add(2)], &[Deed::Move(List::Cart)]]);
}

#[test]
fn a_saved_row_that_goes_takes_its_move_with_it() {
    holds([
        &[Deed::Move(List::Cart), Deed::Move(List::Saved)],
        &[Deed::Remove, Deed::Add(2)],
        &[Deed::Set(5)],
    ]);
}
