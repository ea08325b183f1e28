//! Incremental update of a view. Most commands are Adds, and an Add changes one row.

use super::options::ViewOptions;
use super::plain_cart;
use super::rows::{Row, View};
use crate::cart::{Cart, List};
use crate::id::LineKey;
use crate::money::Money;

/// Updates a view of a cart after an Add to a line, the only change since the view was made.
///
/// Returns `false` and leaves the view unchanged if the update is not possible. The caller must
/// then make a new view.
pub(crate) fn put_add(view: &mut View, cart: &Cart, options: &ViewOptions, line: &LineKey) -> bool {
    // In a plain cart without notices, an Add affects the row of its line alone.
    if !plain_cart::is_plain(cart) || !view.notices.is_empty() {
        return false;
    }
    let Some([sum, _]) = plain_cart::sums(cart.id(), cart.live().on_line(line)) else {
        return false;
    };
    let price = sum.seen_price();
    // A row above the ceiling or a second currency needs a notice, which this update does not make.
    let currency = |price: Option<Money>| price.map(|price| price.currency());
    let differs =
        |row: &Row| row.seen_price.is_some() && currency(row.seen_price) != currency(price);
    if !sum.shown
        || sabotage!("quick-add-ignores-ceiling", sum.units > options.ceiling, false)
        || sabotage!(
            "quick-add-omits-currency-notice",
            price.is_some() && view.rows().any(differs),
            false
        )
    {
        return false;
    }
    // Find the row of the line, or insert it.
    let at = match view.lines.binary_search_by(|row| row.line.cmp(line)) {
        Ok(at) => at,
        Err(at) => {
            view.lines.insert(at, Row::of(line, List::Active));
            at
        }
    };
    let row = &mut view.lines[at];
    (row.quantity, row.asked, row.seen_price) = (sum.units, sum.units, price);
    true
}
