//! The JSON of a cart, written incrementally.
//!
//! Most commands are Adds, which change one row. The texts of the other rows are copied from the JSON
//! of the revision before.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use serde::Serialize;

use super::cart_body::{NoticeBody, OrderBody, RowBody};
use super::entity_tag::EntityTag;
use holdall::cart::List;
use holdall::id::{CartId, CouponCode, LineKey, ShippingOption, Text};
use holdall::sabotage;
use holdall::view::{Row, View};
use holdall_authority::CartSnapshot;

/// The name of this JSON format in the view cache. A change of the format changes the name.
pub(super) const FORM: &str = "json 1";

/// The approximate size of a cart's JSON without rows, in bytes.
const CART_JSON_BYTES: usize = 256;

/// About how long the JSON of a row is, in bytes.
const ROW_JSON_BYTES: usize = 192;

/// The JSON of a cart at a revision.
#[derive(Debug)]
pub(super) struct RenderedCart {
    cart: CartId,
    incarnation: u128,
    revision: u64,
    pub(super) json: Bytes,
    /// The ranges of the rows in the JSON, for the active list and the saved one.
    rows: [Vec<Range<usize>>; 2],
}

impl RenderedCart {
    /// Returns the entity tag of the cart at this revision.
    pub(super) const fn tag(&self) -> EntityTag {
        EntityTag::new(self.revision, self.incarnation)
    }

    /// Returns whether this is the JSON of a cart `ahead` revisions before a snapshot of it.
    fn is_behind(&self, snapshot: &CartSnapshot, ahead: u64) -> bool {
        (self.cart, self.incarnation) == (snapshot.cart, snapshot.incarnation)
            && self.revision + ahead == snapshot.revision
    }

    /// Writes the JSON of a snapshot: the bytes of a [`CartBody`](super::cart_body::CartBody).
    /// `earlier` is the JSON of the revision before and the one line whose rows have changed since;
    /// the texts of the other rows are copied from it.
    pub(super) fn new(snapshot: &CartSnapshot, earlier: Option<(&Self, &LineKey)>) -> Self {
        let View { coupons, shipping, note, consent, orders, notices, .. } = &*snapshot.view;
        // Most are about as long as they were.
        let room = earlier.map_or(CART_JSON_BYTES, |(one, _)| one.json.len() + ROW_JSON_BYTES);
        let mut json = Vec::with_capacity(room);

        // Write what stands before the rows, without the bracket that ends it.
        let start = CartStart { cart: snapshot.cart, version: snapshot.revision };
        write_json(&mut json, &start);
        json.pop();

        // Write the rows of both lists.
        let mut rows = [Vec::new(), Vec::new()];
        for (list, name) in [(List::Active, &b",\"lines\":["[..]), (List::Saved, b"],\"saved\":[")]
        {
            json.extend_from_slice(name);
            let now = rows_of(&snapshot.view, list);
            let known = earlier.and_then(|(one, line)| KnownRows::new(one, line, list, now));
            rows[list as usize] = write_rows(&mut json, now, known);
        }
        json.extend_from_slice(b"],");

        // Write what stands behind the rows, without the bracket that begins it.
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
        let CartSnapshot { cart, incarnation, revision, .. } = *snapshot;
        Self { cart, incarnation, revision, json: json.into(), rows }
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

/// The texts of the rows of a list in the JSON of the revision before. They are asked for in the
/// order of the rows.
struct KnownRows<'a> {
    json: &'a [u8],
    places: &'a [Range<usize>],
    /// The line whose rows have changed.
    changed: &'a LineKey,
    next: usize,
    /// Whether the line has a row that it did not have.
    is_longer: bool,
}

impl<'a> KnownRows<'a> {
    /// Finds the texts of a list. Returns `None` if they cannot be told from the numbers of rows.
    fn new(
        earlier: &'a RenderedCart,
        changed: &'a LineKey,
        list: List,
        now: &[Row],
    ) -> Option<Self> {
        let places = &earlier.rows[list as usize][..];
        let is_longer = now.len() == places.len() + 1;
        let changed_rows = now.iter().filter(|row| row.line == *changed).count();
        // With two rows of the line and one row more, either of the two may be the new one.
        let is_clear = if is_longer { changed_rows == 1 } else { now.len() == places.len() };
        is_clear.then_some(Self { json: &earlier.json, places, changed, next: 0, is_longer })
    }

    /// Returns the previous JSON of a row, if the row is unchanged.
    fn text_of(&mut self, row: &Row) -> Option<&'a [u8]> {
        if sabotage!("changed-row-keeps-old-text", row.line == *self.changed, false) {
            // The new row has no text that could be skipped.
            self.next += sabotage!("new-row-takes-next-text", usize::from(!self.is_longer), 1);
            return None;
        }
        let place = self.places.get(self.next)?.clone();
        self.next += 1;
        self.json.get(place)
    }
}

/// The JSON of the carts that were rendered last, for those who read or change them next.
///
/// A cart has one slot, by its id. Ids are random, so carts rarely share a slot; those that do take
/// it from each other, and are rendered again.
#[derive(Debug)]
pub(super) struct RenderedCarts {
    slots: Box<[Mutex<Option<Arc<RenderedCart>>>]>,
}

impl RenderedCarts {
    /// Makes room for a number of carts.
    pub(super) fn new(carts: usize) -> Self {
        Self { slots: (0..carts.max(1)).map(|_| Mutex::default()).collect() }
    }

    fn slot(&self, cart: CartId) -> MutexGuard<'_, Option<Arc<RenderedCart>>> {
        let at = (cart.as_u128() % self.slots.len() as u128) as usize;
        self.slots[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the JSON of a durable snapshot, and keeps it for those who read or change the cart
    /// next.
    pub(super) fn render(&self, snapshot: &CartSnapshot) -> Arc<RenderedCart> {
        if let Some(kept) = self.kept(snapshot.cart)
            && sabotage!("rendered-json-outlives-revision", kept.is_behind(snapshot, 0), true)
        {
            return kept;
        }
        let rendered = Arc::new(RenderedCart::new(snapshot, None));
        self.keep(Arc::clone(&rendered));
        rendered
    }

    /// Writes the JSON of a snapshot that is not durable yet, over the JSON of the revision before if
    /// only the rows of `updated_line` have changed since. It is not kept.
    pub(super) fn render_early(
        &self,
        snapshot: &CartSnapshot,
        updated_line: Option<&LineKey>,
    ) -> Arc<RenderedCart> {
        let kept = updated_line.and_then(|_| self.kept(snapshot.cart));
        let before = kept.as_deref().filter(|kept| kept.is_behind(snapshot, 1));
        Arc::new(RenderedCart::new(snapshot, before.zip(updated_line)))
    }

    fn kept(&self, cart: CartId) -> Option<Arc<RenderedCart>> {
        self.slot(cart).clone().filter(|kept| kept.cart == cart)
    }

    /// Keeps the JSON of a cart.
    pub(super) fn keep(&self, rendered: Arc<RenderedCart>) {
        let before = self.slot(rendered.cart).replace(rendered);
        // Free the JSON before only now, when the slot is not locked any more.
        drop(before);
    }

    /// Drops the JSON of a cart that was erased.
    pub(super) fn forget(&self, cart: CartId) {
        let mut slot = self.slot(cart);
        if slot.as_ref().is_some_and(|kept| kept.cart == cart) {
            *slot = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cart_body::CartBody;
    use super::*;
    use holdall::clock::Time;
    use holdall::id::{OrderId, ReplicaId};
    use holdall::money::Money;
    use holdall::quantity::Quantity;
    use holdall::replica::Replica;
    use holdall::view::{Notice, OrderView, RowRef, ViewOptions};

    const CART: CartId = CartId::from_u128(7);

    fn snapshot(revision: u64, view: View) -> CartSnapshot {
        CartSnapshot { cart: CART, incarnation: 1, revision, view: Arc::new(view) }
    }

    fn sku(sku: &str) -> LineKey {
        LineKey::sku(sku).expect("a SKU")
    }

    /// The JSON is put together of parts. It is the JSON of the whole, byte for byte.
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
            replica.move_to(4, &RowRef::active(mug), List::Saved),
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

        for snapshot in snapshots {
            let whole = serde_json::to_string(&CartBody::from(snapshot.clone())).expect("JSON");
            let json = RenderedCart::new(&snapshot, None).json;
            assert_eq!(str::from_utf8(&json), Ok(&*whole));
        }
    }

    /// After a change to one line, every other row is copied, and the JSON is that of the whole.
    #[test]
    fn only_the_rows_of_the_changed_line_are_written_anew() {
        let mut replica = Replica::new(CART, ReplicaId::from_u128(1));
        let mut earlier = RenderedCart::new(&snapshot(0, replica.view()), None);
        // New rows before, between and behind the others, and more of a row that is there.
        for (at, (name, anew)) in
            [("C", 1), ("A", 1), ("E", 1), ("D", 1), ("B", 1), ("C", 1), ("E", 1), ("F", 1)]
                .into_iter()
                .enumerate()
        {
            let (now, line) = (1 + at as u64, sku(name));
            replica.add(now, &line, Quantity::ONE, None).expect("an add");
            let after = snapshot(now, replica.view());
            let rows = rows_of(&after.view, List::Active);
            let mut known = KnownRows::new(&earlier, &line, List::Active, rows).expect("clear");
            let written = rows.iter().filter(|row| known.text_of(row).is_none()).count();
            assert_eq!(written, anew, "add {now}");
            let over = RenderedCart::new(&after, Some((&earlier, &line)));
            assert_eq!(over.json, RenderedCart::new(&after, None).json, "add {now}");
            earlier = over;
        }
    }

    /// Rows whose texts cannot be told from their numbers are all written anew.
    #[test]
    fn a_list_that_lost_a_row_is_written_anew() {
        let mut replica = Replica::new(CART, ReplicaId::from_u128(1));
        for (now_ms, name) in ["A", "B", "C"].into_iter().enumerate() {
            let row = RowRef::active(sku(name));
            replica.set(now_ms as u64, &row, 1, None).expect("a set");
        }
        let earlier = RenderedCart::new(&snapshot(0, replica.view()), None);
        replica.remove(9, &RowRef::active(sku("A"))).expect("a removal");
        let view = replica.view();
        let rows = rows_of(&view, List::Active);
        assert!(KnownRows::new(&earlier, &sku("A"), List::Active, rows).is_none());
        let both = [rows, rows].concat();
        assert!(KnownRows::new(&earlier, &sku("B"), List::Active, &both).is_none());
    }

    #[test]
    fn json_is_used_for_its_own_revision_alone() {
        let carts = RenderedCarts::new(2);
        let mut replica = Replica::new(CART, ReplicaId::from_u128(1));
        let one = snapshot(1, replica.view());
        let kept = carts.render(&one);
        assert!(Arc::ptr_eq(&carts.render(&one), &kept));
        replica.set(1, &RowRef::active(sku("A")), 1, None).expect("a set");
        let two = snapshot(2, replica.view());
        assert_ne!(carts.render(&two).json, kept.json);
        // JSON of another store is not used either.
        let restored = CartSnapshot { incarnation: 2, ..one };
        assert_ne!(carts.render(&restored).tag(), kept.tag());
    }

    #[test]
    fn a_cart_that_is_forgotten_is_rendered_anew() {
        let carts = RenderedCarts::new(2);
        let one = snapshot(1, Replica::new(CART, ReplicaId::from_u128(1)).view());
        let rendered = carts.render(&one);
        assert!(Arc::ptr_eq(&carts.render(&one), &rendered));
        carts.forget(CART);
        assert!(!Arc::ptr_eq(&carts.render(&one), &rendered));
    }
}
