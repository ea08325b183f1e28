//! The JSON of a cart, written incrementally.
//!
//! Most commands change one row. The JSON of the other rows is copied from the cart's previous
//! JSON.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use lru::LruCache;
use serde::Serialize;

use super::cart_body::{NoticeBody, OrderBody, RowBody};
use holdall::cart::List;
use holdall::id::{CartId, CouponCode, ShippingOption, Text};
use holdall::sabotage;
use holdall::view::{Row, View};
use holdall_authority::CartSnapshot;

/// The name of this JSON format in the view cache. A change of the format changes the name.
pub(super) const FORM: &str = "json 1";

/// The approximate size of a cart's JSON without rows, in bytes.
const CART_JSON_BYTES: usize = 256;

/// The number of removed rows that the search for a row's previous JSON skips. Behind more removed
/// rows, a row is serialized again.
const GONE_ROWS: usize = 4;

/// The JSON of a cart, with the snapshot that it shows.
#[derive(Debug)]
pub(super) struct RenderedCart {
    pub(super) snapshot: CartSnapshot,
    pub(super) json: Bytes,
    /// The ranges of the rows in the JSON, for the active list and the saved one.
    rows: [Vec<Range<usize>>; 2],
}

impl RenderedCart {
    /// Returns whether this is the JSON of a snapshot.
    pub(super) fn is_of(&self, snapshot: &CartSnapshot) -> bool {
        let own = &self.snapshot;
        // Two views that are not one allocation are rarely equal: the second is rendered too.
        let is_it = Arc::ptr_eq(&own.view, &snapshot.view)
            && (own.cart, own.incarnation) == (snapshot.cart, snapshot.incarnation)
            && own.revision == snapshot.revision;
        sabotage!("rendered-json-outlives-revision", is_it, own.cart == snapshot.cart)
    }

    /// Writes the JSON of a snapshot: the bytes of a [`CartBody`](super::cart_body::CartBody).
    /// Rows that are unchanged since `earlier` are copied from its JSON.
    pub(super) fn new(snapshot: &CartSnapshot, earlier: Option<&Self>) -> Self {
        let View { coupons, shipping, note, consent, orders, notices, .. } = &*snapshot.view;
        // Most carts change little: reserve the size of the previous JSON, and a quarter.
        let room = earlier.map_or(CART_JSON_BYTES, |one| one.json.len() + one.json.len() / 4);
        let mut json = Vec::with_capacity(room);

        // The fields before the rows, without the closing brace.
        let start = CartStart { cart: snapshot.cart, version: snapshot.revision };
        write_json(&mut json, &start);
        json.pop();

        // The rows.
        let mut rows = [Vec::new(), Vec::new()];
        for (list, name) in [(List::Active, &b",\"lines\":["[..]), (List::Saved, b"],\"saved\":[")]
        {
            json.extend_from_slice(name);
            let known = earlier.map(|earlier| KnownRows::new(earlier, &snapshot.view, list));
            rows[list as usize] = write_rows(&mut json, rows_of(&snapshot.view, list), known);
        }
        json.extend_from_slice(b"],");

        // The fields after the rows, without the opening brace.
        let end = CartEnd {
            coupons,
            shipping: shipping.as_ref(),
            note: note.as_ref(),
            consent: *consent,
            orders: orders.iter().map(OrderBody::from).collect(),
            notices: notices.iter().map(NoticeBody::from).collect(),
        };
        let bracket = json.len();
        write_json(&mut json, &end);
        json.remove(bracket);
        Self { snapshot: snapshot.clone(), json: json.into(), rows }
    }
}

/// The fields of a [`CartBody`](super::cart_body::CartBody) before its rows.
#[derive(Serialize)]
struct CartStart {
    cart: CartId,
    version: u64,
}

/// The fields of a [`CartBody`](super::cart_body::CartBody) after its rows.
#[derive(Serialize)]
struct CartEnd<'a> {
    coupons: &'a [CouponCode],
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<&'a ShippingOption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a Text>,
    consent: bool,
    orders: Vec<OrderBody>,
    notices: Vec<NoticeBody>,
}

fn write_json(json: &mut Vec<u8>, value: &impl Serialize) {
    // Texts and numbers: each has a JSON form, and there is room in memory.
    let _ = serde_json::to_writer(json, value);
}

fn rows_of(view: &View, list: List) -> &[Row] {
    match list {
        List::Active => &view.lines,
        List::Saved => &view.saved,
    }
}

/// Writes rows separated by commas. Returns the range of each row in `json`.
fn write_rows(
    json: &mut Vec<u8>,
    rows: &[Row],
    mut known: Option<KnownRows<'_>>,
) -> Vec<Range<usize>> {
    let mut places = Vec::with_capacity(rows.len());
    for row in rows {
        if !places.is_empty() {
            json.push(b',');
        }
        let start = json.len();
        match known.as_mut().and_then(|known| known.text_of(row)) {
            Some(text) => json.extend_from_slice(text),
            None => write_json(json, &RowBody::from(row)),
        }
        places.push(start..json.len());
    }
    places
}

/// The rows of a list in the previous JSON. Rows are looked up in the order of the new JSON.
struct KnownRows<'a> {
    json: &'a [u8],
    rows: &'a [Row],
    places: &'a [Range<usize>],
    next: usize,
    /// Whether the new JSON shows the view of the previous one, so that no row has changed.
    is_same_view: bool,
}

impl<'a> KnownRows<'a> {
    fn new(earlier: &'a RenderedCart, view: &Arc<View>, list: List) -> Self {
        Self {
            json: &earlier.json,
            rows: rows_of(&earlier.snapshot.view, list),
            places: &earlier.rows[list as usize],
            next: 0,
            is_same_view: Arc::ptr_eq(&earlier.snapshot.view, view),
        }
    }

    /// Returns the previous JSON of a row, if the row is unchanged.
    fn text_of(&mut self, row: &Row) -> Option<&'a [u8]> {
        let at = if self.is_same_view { self.next } else { self.find(row)? };
        self.next = at + 1;
        let is_unchanged = self.is_same_view
            || sabotage!("changed-row-keeps-old-text", self.rows[at] == *row, true);
        let place = self.places.get(at).filter(|_| is_unchanged)?;
        self.json.get(place.clone())
    }

    /// Returns the index of a row after the rows found so far.
    fn find(&self, row: &Row) -> Option<usize> {
        let is_it = |known: &Row| {
            known.line == row.line && known.list == row.list && known.side == row.side
        };
        let ahead = self.rows.get(self.next..)?.iter().take(1 + GONE_ROWS).position(is_it)?;
        Some(self.next + ahead)
    }
}

/// A cache with the JSON of recently rendered carts, in shards.
#[derive(Debug)]
pub(super) struct RenderedCarts {
    shards: Vec<Mutex<LruCache<CartId, Arc<RenderedCart>>>>,
}

const SHARDS: usize = 16;

impl RenderedCarts {
    /// Makes a cache for a number of carts.
    pub(super) fn new(carts: usize) -> Self {
        let each = NonZeroUsize::new(carts.div_ceil(SHARDS)).unwrap_or(NonZeroUsize::MIN);
        Self { shards: (0..SHARDS).map(|_| Mutex::new(LruCache::new(each))).collect() }
    }

    fn shard(&self, cart: CartId) -> MutexGuard<'_, LruCache<CartId, Arc<RenderedCart>>> {
        let shard = &self.shards[(cart.as_u128() % SHARDS as u128) as usize];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the JSON of a snapshot: the cached one, or a new one based on it.
    pub(super) fn render(&self, snapshot: &CartSnapshot) -> Arc<RenderedCart> {
        let earlier = self.shard(snapshot.cart).get(&snapshot.cart).cloned();
        match earlier {
            Some(earlier) if earlier.is_of(snapshot) => earlier,
            earlier => Arc::new(RenderedCart::new(snapshot, earlier.as_deref())),
        }
    }

    /// Caches the JSON of a cart.
    pub(super) fn keep(&self, rendered: Arc<RenderedCart>) {
        self.shard(rendered.snapshot.cart).put(rendered.snapshot.cart, rendered);
    }

    /// Removes the JSON of an erased cart.
    pub(super) fn forget(&self, cart: CartId) {
        self.shard(cart).pop(&cart);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cart_body::CartBody;
    use super::*;
    use holdall::clock::Time;
    use holdall::id::{LineKey, OrderId, ReplicaId};
    use holdall::money::Money;
    use holdall::replica::Replica;
    use holdall::view::{Notice, OrderView, RowRef, ViewOptions};

    const CART: CartId = CartId::from_u128(7);

    fn snapshot(revision: u64, view: View) -> CartSnapshot {
        CartSnapshot { cart: CART, incarnation: 1, revision, view: Arc::new(view) }
    }

    fn sku(sku: &str) -> LineKey {
        LineKey::sku(sku).expect("a SKU")
    }

    /// JSON put together of parts equals the JSON of the whole cart byte for byte, alone and after
    /// every other snapshot.
    #[test]
    fn what_is_put_together_is_the_cart() {
        let (tee, mug) = (sku("TEE"), sku("MUG"));
        let options = ViewOptions { ceiling: 1 };
        let mut replica = Replica::new(CART, ReplicaId::from_u128(1)).with_options(options);
        let price = Money::parse("19.90", "EUR").ok();
        let text = |text: &str| Text::new(text).expect("a text");
        let mut snapshots = vec![snapshot(0, replica.view())];
        let done = [
            replica.set(1, &RowRef::active(tee.clone()), 2, price),
            replica.set(2, &RowRef::active(mug.clone()), 2, None),
            replica.note(3, &RowRef::active(mug.clone()), Some(text("],\"saved\":["))),
            replica.relocate(4, &RowRef::active(mug)),
            replica.coupon(5, CouponCode::new("TEN").expect("a code")),
            replica.cart_note(6, Some(text("\"ring\""))),
            replica.shipping(7, Some(ShippingOption::new("slow").expect("an option"))),
            replica.consent(8, true),
        ];
        done.into_iter().for_each(|done| drop(done.expect("done")));
        snapshots.push(snapshot(1, replica.view()));
        let mut whole = replica.view();
        let order = OrderId::new("o-1").expect("an id");
        let lines = vec![(tee.clone(), 3)];
        whole.orders = vec![OrderView { id: order.clone(), time: Time::default(), lines }];
        whole.notices.push(Notice::ConcurrentOrders { orders: vec![order], lines: vec![tee] });
        snapshots.push(snapshot(2, whole));

        let rendered: Vec<RenderedCart> =
            snapshots.iter().map(|one| RenderedCart::new(one, None)).collect();
        for snapshot in snapshots {
            let whole = serde_json::to_string(&CartBody::from(snapshot.clone())).expect("JSON");
            for earlier in rendered.iter().map(Some).chain([None]) {
                let json = RenderedCart::new(&snapshot, earlier).json;
                assert_eq!(str::from_utf8(&json), Ok(&*whole));
            }
        }
    }

    /// Unchanged rows are copied, whatever rows around them were added, removed or changed.
    #[test]
    fn a_row_is_written_anew_when_it_changed_and_then_alone() {
        let mut replica = Replica::new(CART, ReplicaId::from_u128(1));
        let row = |name: &str| RowRef::active(sku(name));
        let one = |replica: &mut Replica, now_ms, name: &str| {
            replica.set(now_ms, &row(name), 1, None).expect("a set");
        };
        for (now_ms, name) in ["A", "B", "C", "D", "E"].into_iter().enumerate() {
            one(&mut replica, now_ms as u64, name);
        }
        let mut earlier = RenderedCart::new(&snapshot(0, replica.view()), None);
        type Edit<'a> = &'a dyn Fn(&mut Replica);
        let edits: [(Edit<'_>, usize); 6] = [
            (&|replica| drop(replica.set(11, &row("C"), 2, None).expect("a set")), 1),
            (&|replica| drop(replica.remove(12, &row("A")).expect("a removal")), 0),
            // The row is in the other list now; all other rows are unchanged.
            (&|replica| drop(replica.relocate(13, &row("D")).expect("a move")), 1),
            (&|replica| drop(replica.set(14, &row("B"), 9, None).expect("a set")), 1),
            (&|replica| one(replica, 15, "AA"), 1),
            (&|replica| drop(replica.consent(16, true).expect("consent")), 0),
        ];
        for (at, (edit, anew)) in edits.into_iter().enumerate() {
            edit(&mut replica);
            let now = snapshot(1 + at as u64, replica.view());
            let written = List::ALL.into_iter().flat_map(|list| {
                let mut known = KnownRows::new(&earlier, &now.view, list);
                let rows = rows_of(&now.view, list).iter();
                rows.filter(|row| known.text_of(row).is_none()).collect::<Vec<_>>()
            });
            assert_eq!(written.count(), anew, "edit {at}");
            earlier = RenderedCart::new(&now, Some(&earlier));
        }
    }

    #[test]
    fn a_cart_that_is_forgotten_is_rendered_anew() {
        let carts = RenderedCarts::new(2);
        let one = snapshot(1, Replica::new(CART, ReplicaId::from_u128(1)).view());
        let rendered = carts.render(&one);
        carts.keep(rendered.clone());
        assert!(Arc::ptr_eq(&carts.render(&one), &rendered));
        carts.forget(CART);
        assert!(!Arc::ptr_eq(&carts.render(&one), &rendered));
    }
}
