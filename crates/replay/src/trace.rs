//! A made-up trace of the shape of real ones, so that a newcomer needs no file.
//!
//! It is written as CSV and read by the same reader as a file. What was taken over from the real
//! traces: most sessions are one click, a few are hundreds; a few users have many sessions, some at
//! the same time; products are looked at more often than put in; removed lines come in bursts; a
//! purchase lists every line; a few wholesalers put a hundred lines in; and there are warts. What
//! was not: the removes and purchases whose beginning was cut off. They would only be counted and
//! skipped.

use std::fmt::Write;

use holdall_testkit::dice::Dice;
use jiff::Timestamp;

use super::conditions::{MINUTE, SECOND};

/// 2022-10-01 00:00:00 UTC.
const START: u64 = 1_664_582_400_000;
/// Shoppers come over so many days.
const DAYS: u64 = 3;
/// Products in the shop.
const PRODUCTS: u64 = 1_800;

/// One row, before it is sorted in.
struct TraceRow {
    at: u64,
    text: String,
}

/// Makes the CSV of a trace with so many shoppers.
pub(crate) fn csv(seed: u64, shoppers: u32) -> String {
    let mut rows = Vec::new();
    for shopper in 0..shoppers {
        let mut dice = Dice::named(seed ^ 0x7ace, &format!("shopper {shopper}"));
        let user = 380_000_000 + u64::from(shopper) * 7;
        let mut start = START + dice.between(0, DAYS * 24 * 60 * MINUTE);
        let wholesale = dice.happens(8);
        for _ in 0..dice.long_tail(1, 480).min(24) {
            start += shop(&mut dice, user, start, wholesale, &mut rows);
        }
    }
    rows.sort_by_key(|row| row.at);
    let mut text = String::from("event_time,event_type,product_id,price,user_id,user_session\n");
    rows.iter().for_each(|row| text.push_str(&row.text));
    text
}

/// Writes one session. Returns how much later the user's next one starts, in milliseconds, which is
/// often before this one ends.
fn shop(dice: &mut Dice, user: u64, start: u64, wholesale: bool, rows: &mut Vec<TraceRow>) -> u64 {
    let session = session_id(dice);
    let clicks = if wholesale { dice.between(60, 120) } else { dice.long_tail(1, 520).min(80) };
    // A user's own favourites, so that sessions meet on lines.
    let favourites = [3, 17, 41].map(|n| 5_000_000 + (user * 31 + n) % PRODUCTS);
    let mut cart: Vec<u64> = Vec::new();
    let mut at = start;
    let mut log = |at: u64, kind: &str, product: u64, dice: &mut Dice| {
        let price = if dice.happens(3) {
            "0.00".to_owned()
        } else {
            format!("{}.{:02}", product % 40, product % 97)
        };
        let time = Timestamp::from_millisecond(at as i64)
            .unwrap_or_default()
            .strftime("%Y-%m-%d %H:%M:%S UTC");
        let mut text = String::new();
        let row = format!("{time},{kind},{product},{price},{user},{session}\n");
        let _ = write!(text, "{row}{}", if dice.happens(4) { row.as_str() } else { "" });
        rows.push(TraceRow { at: at / SECOND, text });
    };
    for _ in 0..clicks {
        let known = dice.happens(if wholesale { 100 } else { 700 });
        let product = if known {
            favourites[dice.below(favourites.len())]
        } else {
            5_000_000 + dice.between(0, PRODUCTS - 1)
        };
        match dice.between(0, 99) {
            0..=39 if !wholesale => log(at, "view", product, dice),
            0..=79 => {
                // "One more", tapped again and again.
                for _ in 0..dice.long_tail(1, 350).min(6) {
                    log(at, "cart", product, dice);
                    at += dice.between(SECOND, 3 * SECOND);
                }
                cart.push(product);
            }
            _ if !cart.is_empty() => {
                let gone = cart[dice.below(cart.len())];
                cart.retain(|product| *product != gone);
                log(at, "remove_from_cart", gone, dice);
            }
            _ => log(at, "view", product, dice),
        }
        at += dice.long_tail(SECOND, 600).min(5 * MINUTE);
    }
    if !cart.is_empty() && dice.happens(300) {
        cart.sort_unstable();
        cart.dedup();
        cart.iter().for_each(|product| log(at, "purchase", *product, dice));
    }
    dice.long_tail(3 * SECOND, 700)
}

/// Draws a session id; now and then one that is not of the usual form.
fn session_id(dice: &mut Dice) -> String {
    let id = format!("{:032x}", dice.id());
    if dice.happens(5) {
        return id[..12].to_owned();
    }
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::read;
    use std::io::Cursor;

    #[test]
    fn a_seed_is_a_trace() {
        assert_eq!(csv(1, 20), csv(1, 20));
        assert_ne!(csv(1, 20), csv(2, 20));
    }

    #[test]
    fn it_has_the_shape_of_real_ones() {
        let trace = read::read("made up", Box::new(Cursor::new(csv(1, 400)))).unwrap();
        let count = |kind| trace.events.iter().filter(|event| event.kind == kind).count();
        assert!((2_000..20_000).contains(&trace.rows), "{} rows", trace.rows);
        let (views, adds) = (count(EventKind::View), count(EventKind::Cart));
        assert!(
            views > 300
                && adds > 500
                && count(EventKind::Remove) > 100
                && count(EventKind::Purchase) > 100
        );
        assert!(trace.sessions.len() > trace.users.len() + 100);
        let oddities = trace.oddities;
        assert!(
            oddities.duplicate_rows > 0
                && oddities.malformed_sessions > 0
                && oddities.nonpositive_prices > 0
        );
        assert_eq!((oddities.rows_out_of_order, oddities.rows_without_user), (0, 0));
    }
}
