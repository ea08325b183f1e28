//! An expectation, and its rows.

use std::collections::BTreeMap;

use super::parsed::Parsed;
use super::row::row;
use crate::scenario::raw::{RawExpect, RawLine};
use crate::scenario::story::{ExpectRow, ExpectView};
use holdall::id::CouponCode;

/// Parses what a cart is expected to show.
pub(super) fn parse_expect(raw: RawExpect, line: usize) -> Parsed<ExpectView> {
    let cart = raw.cart.ok_or("expect: cart is missing")?;
    let rows = |rows: Vec<RawLine>| rows.into_iter().map(expect_row).collect::<Parsed<Vec<_>>>();
    let lists = match (raw.empty, raw.lines, raw.saved) {
        (Some(false), ..) => return Err("expect: empty: only true has a meaning".into()),
        (Some(true), Some(lines), _) if !lines.is_empty() => {
            return Err("expect: empty goes without lines".into());
        }
        (None, None, None) => None,
        // What is listed is exactly what is shown: a list left out is an empty one.
        (_, lines, saved) => {
            Some([rows(lines.unwrap_or_default())?, rows(saved.unwrap_or_default())?])
        }
    };
    let coupons = raw.coupons.map(|codes| {
        let codes =
            codes.iter().map(|code| CouponCode::new(code).map_err(|e| format!("coupons: {e}")));
        codes.collect::<Parsed<Vec<_>>>()
    });
    Ok(ExpectView {
        line,
        at: raw.at,
        cart,
        rows: lists,
        coupons: coupons.transpose()?,
        shipping: raw.shipping,
        note: raw.note,
        orders: raw.orders,
    })
}

fn expect_row(raw: RawLine) -> Parsed<ExpectRow> {
    let extras = ["quantity", "note", "gift", "attributes", "question", "because"];
    let (name, raw) = row(raw, "lines", &extras)?;
    let quantity = raw.quantity.ok_or("lines: quantity is missing")?;
    let attributes: Option<BTreeMap<String, String>> = raw.attributes;
    Ok(ExpectRow {
        key: name.key().map_err(|e| format!("lines: {e}"))?,
        quantity: u64::try_from(quantity).map_err(|_| "lines: quantity is negative")?,
        side: name.side,
        note: raw.note,
        gift: raw.gift.map(|gift| (gift.wrap, gift.message)),
        attributes,
        question: raw.question,
        because: raw.because,
    })
}
