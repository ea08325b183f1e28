//! Every kind of entry there and back, the text of each, and what the layout promises.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc};
use holdall::dots::Dots;
use holdall::{
    Cart, CartId, Claim, Delta, LineKey, MergePolicy, Quantity, Replica, ReplicaId, RowRef,
};
use holdall_automerge::CartDocument;

use crate::samples::{self, Sample};

const CART: CartId = CartId::from_u128(0xca27);
const PHONE: ReplicaId = ReplicaId::from_u128(1);
const LAPTOP: ReplicaId = ReplicaId::from_u128(2);

fn tee() -> LineKey {
    LineKey::parse("TEE", [("size", "M"), ("colour", "red")]).expect("a line")
}

fn units(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

/// The keys of a document and their texts.
fn texts(document: &mut CartDocument) -> Vec<(String, String)> {
    let doc = document.automerge();
    let value = |key: &str| doc.get(ROOT, key).expect("a key").expect("a value").0;
    let text = |key: String| {
        let text = value(&key).as_str().map_or_else(|| value(&key).to_string(), str::to_owned);
        (key, text)
    };
    doc.keys(ROOT).map(text).collect()
}

/// Every sample state, among them one with every kind of entry and every field used.
#[test]
fn every_kind_goes_there_and_back() {
    let mut carts = 0;
    for (name, sample) in samples::all() {
        let Sample::Cart(cart) = sample else { continue };
        carts += 1;
        let mut document = CartDocument::new(cart.id());
        document.write(&cart).expect("a change");
        assert_eq!(document.cart(), &cart, "{name}");
        let (fresh, reading) = CartDocument::load(cart.id(), &document.save()).expect("a document");
        assert!(reading.skipped.is_empty(), "{name}: {:?}", reading.skipped);
        assert!(reading.equivocations.is_empty(), "{name}");
        assert_eq!(fresh.cart(), &cart, "{name}");
        assert_eq!(fresh.cart().fingerprint(), cart.fingerprint(), "{name}");
    }
    assert!(carts >= 12, "{carts}");
}

/// The texts that the layout's page shows.
#[test]
fn the_texts_are_as_documented() {
    let mut document = CartDocument::new(CART);
    let mut phone = document.replica(PHONE);
    let row = RowRef::active(tee());
    document.act(&mut phone, |cart| cart.add(1_000, &tee(), units(2), None)).expect("an add");
    document.act(&mut phone, |cart| cart.set(2_000, &row, 5, None)).expect("a set");
    document.act(&mut phone, |cart| cart.remove(3_000, &row)).expect("a removal");
    let (cart, by) = (CART, PHONE);
    let line = r#""line":{"sku":"TEE","options":{"colour":"red","size":"M"}}"#;
    let expected = [
        (1, format!(r#"{{"add":2,{line},"at":1000}}"#)),
        (
            2,
            format!(
                r#"{{"set":5,{line},"at":2000,"list":"active","covers":["{by}:1"],"dead":["{by}:1"]}}"#
            ),
        ),
        (3, format!(r#"{{"remove":true,"dead":["{by}:2"]}}"#)),
    ];
    let expected = expected.map(|(seq, text)| (format!("hd/{cart}/{by}/{seq}"), text));
    assert_eq!(texts(&mut document), expected);
}

/// Two documents that were made apart have nothing in common, and lose nothing.
#[test]
fn what_is_created_twice_does_not_compete() {
    let (mut a, mut b) = (CartDocument::new(CART), CartDocument::new(CART));
    let (mut phone, mut laptop) = (a.replica(PHONE), b.replica(LAPTOP));
    a.act(&mut phone, |cart| cart.add(1, &tee(), units(2), None)).expect("an add");
    b.act(&mut laptop, |cart| cart.add(1, &tee(), units(3), None)).expect("an add");
    assert!(a.join(&mut b).expect("a merge").changed);
    assert_eq!(a.replica(ReplicaId::from_u128(3)).view().quantity(&tee()), 5);
}

/// One action is one change of one key.
#[test]
fn one_action_is_one_change() {
    let mut document = CartDocument::new(CART);
    let mut phone = document.replica(PHONE);
    for at in 1..=20_u64 {
        let act = |cart: &mut Replica| match at % 4 {
            0 => cart.remove(at, &RowRef::active(tee())),
            3 => cart.set(at, &RowRef::active(tee()), 7, None),
            _ => cart.add(at, &tee(), units(1), None),
        };
        document.act(&mut phone, act).expect("an action");
        let changes = document.automerge().get_changes(&[]);
        assert_eq!(changes.len() as u64, at);
        assert!(changes.iter().all(|change| change.len() == 1));
    }
}

/// A guest's document stays the guest's; what is merged of it is the account's.
#[test]
fn a_guest_is_merged_into_an_accounts_document() {
    let guest_id = CartId::from_u128(9);
    let (mut guest, mut account) = (CartDocument::new(guest_id), CartDocument::new(CART));
    let (mut phone, mut laptop) = (guest.replica(PHONE), account.replica(LAPTOP));
    guest.act(&mut phone, |cart| cart.add(1, &tee(), units(3), None)).expect("an add");
    account.act(&mut laptop, |cart| cart.add(1, &tee(), units(2), None)).expect("an add");
    let claim = Claim { guest: guest_id, account: CART, number: 1 };
    let policy = MergePolicy::rule("max").expect("a rule");
    let merge = |cart: &mut Replica| cart.merge(2, claim, policy, guest.cart());
    account.act(&mut laptop, merge).expect("a merge");
    let (fresh, _) = CartDocument::load(CART, &account.save()).expect("a document");
    assert_eq!(fresh.cart().fingerprint(), laptop.fingerprint());
    assert_eq!(fresh.replica(PHONE).view().quantity(&tee()), 3);
    assert!(account.join(&mut guest).is_err(), "a guest's document is no account's");
}

/// Two carts in one document do not see each other.
#[test]
fn carts_in_one_document_are_apart() {
    let other = CartId::from_u128(9);
    let mut first = CartDocument::new(CART);
    let mut phone = first.replica(PHONE);
    first.act(&mut phone, |cart| cart.add(1, &tee(), units(3), None)).expect("an add");
    let mut doc = first.into_automerge();
    doc.put(ROOT, "title", "my shop").expect("a key of somebody else's");
    let (mut second, reading) = CartDocument::over(other, doc);
    assert_eq!((reading.foreign_keys, reading.other_carts), (1, vec![CART]));
    let mut laptop = second.replica(LAPTOP);
    second.act(&mut laptop, |cart| cart.add(1, &tee(), units(1), None)).expect("an add");
    assert_eq!(CartDocument::carts(second.automerge()), [other, CART]);
    assert_eq!(second.cart().live().len(), 1);
    let (first, reading) = CartDocument::over(CART, second.into_automerge());
    assert_eq!(first.cart().live().len(), 1);
    assert!(reading.skipped.is_empty());
}

/// Erasure is the largest state, and whatever comes late is absorbed.
#[test]
fn an_erased_cart_stays_erased() {
    let mut document = CartDocument::new(CART);
    let mut phone = document.replica(PHONE);
    document.act(&mut phone, |cart| cart.add(1, &tee(), units(3), None)).expect("an add");
    let mut elsewhere = document.fork();
    let mut region = document.replica(LAPTOP);
    document.act(&mut region, |cart| Ok(cart.erase())).expect("an erasure");
    assert!(document.cart().is_erased());
    assert_eq!(document.apply(&Delta::erasure(CART)).expect("nothing to do"), 0);
    elsewhere.act(&mut phone, |cart| cart.add(2, &tee(), units(1), None)).expect("an add");
    let _ = elsewhere.join(&mut document).expect("a merge");
    let (fresh, _) = CartDocument::load(CART, &elsewhere.save()).expect("a document");
    assert_eq!(fresh.cart(), document.cart());
    assert!(document.act(&mut phone, |cart| cart.add(3, &tee(), units(1), None)).is_err());
}

/// What is deleted is missed, and written again by whoever knew it.
#[test]
fn a_deleted_key_is_missed_and_written_again() {
    let mut document = CartDocument::new(CART);
    let mut phone = document.replica(PHONE);
    for at in 1..=3 {
        document.act(&mut phone, |cart| cart.add(at, &tee(), units(1), None)).expect("an add");
    }
    let before = document.cart().clone();
    let key = format!("hd/{CART}/{PHONE}/2");
    document.automerge().delete(ROOT, key.as_str()).expect("a key");
    let reading = document.refresh();
    assert_eq!(reading.lost.count(), 1);
    assert_eq!(reading.gaps.count(), 0, "this replica knows it");
    assert_eq!(document.cart(), &before, "what was read stays");
    // Somebody who never saw it sees that a number is left out.
    let (fresh, reading) = CartDocument::load(CART, &document.save()).expect("a document");
    assert_eq!(reading.gaps.count(), 1);
    assert_eq!(fresh.cart().live().len(), 2);
    assert_eq!(document.write(&before).expect("a change"), 1);
    assert!(document.refresh().lost.is_empty());
    let (fresh, _) = CartDocument::load(CART, &document.save()).expect("a document");
    assert_eq!(fresh.cart(), &before);
}

/// A writer that was cloned: two contents of one key, at once or one over the other. The larger
/// digest stays everywhere, and it is told.
#[test]
fn two_contents_of_one_key_are_reported() {
    let deltas: Vec<Delta> = [2, 3]
        .map(|n| Replica::new(CART, PHONE).add(1, &tee(), units(n), None).expect("an add"))
        .into();
    let mut native = Cart::new(CART);
    deltas.iter().for_each(|delta| {
        let _ = native.join(delta).expect("the same cart");
    });
    for order in [[0, 1], [1, 0]] {
        // At once, in two documents.
        let mut documents = order.map(|at| {
            let mut document = CartDocument::new(CART);
            document.apply(&deltas[at]).expect("a change");
            document
        });
        let [a, b] = &mut documents;
        assert_eq!(a.join(b).expect("a merge").equivocations.len(), 1);
        assert_eq!(a.cart(), &native);
        let (fresh, reading) = CartDocument::load(CART, &a.save()).expect("a document");
        assert_eq!((fresh.cart(), reading.equivocations.len()), (&native, 1));
        // One after the other, in one.
        let mut one = CartDocument::new(CART);
        order.iter().for_each(|at| {
            one.apply(&deltas[*at]).expect("a change");
        });
        assert_eq!(one.cart(), &native);
        assert_eq!(one.refresh().equivocations.len(), 1, "it is told when one asks");
        let (fresh, _) = CartDocument::load(CART, &one.save()).expect("a document");
        assert_eq!(fresh.cart(), &native);
    }
}

/// A key that another program wrote over: who had read it keeps the larger content, and says it
/// again when it writes.
#[test]
fn a_key_that_was_written_over_is_reported_and_settled() {
    for n in [1, 2, 3, 50] {
        let mut document = CartDocument::new(CART);
        let mut phone = document.replica(PHONE);
        document.act(&mut phone, |cart| cart.add(1_000, &tee(), units(4), None)).expect("an add");
        let key = format!("hd/{CART}/{PHONE}/1");
        let other = format!(r#"{{"add":{n},"line":{{"sku":"TEE"}},"at":1000}}"#);
        document.automerge().put(ROOT, key, other).expect("a value");
        assert_eq!(document.refresh().equivocations.len(), 1);
        document.write(&document.cart().clone()).expect("a change");
        let (fresh, _) = CartDocument::load(CART, &document.save()).expect("a document");
        assert_eq!(fresh.cart(), document.cart(), "{n}");
    }
}

/// A plain string of JavaScript is a text that can be edited; it is read all the same.
#[test]
fn a_text_object_is_read() {
    let mut doc = AutoCommit::new();
    let key = format!("hd/{CART}/{PHONE}/1");
    let text = doc.put_object(ROOT, key, automerge::ObjType::Text).expect("a text");
    doc.splice_text(&text, 0, 0, r#"{"add":2,"line":{"sku":"TEE"},"at":1}"#).expect("letters");
    let (document, reading) = CartDocument::over(CART, doc);
    assert!(reading.skipped.is_empty(), "{:?}", reading.skipped);
    let tee = LineKey::sku("TEE").expect("a SKU");
    assert_eq!(document.replica(LAPTOP).view().quantity(&tee), 2);
}

/// A document that `examples/automerge-js` wrote, with `@automerge/automerge` 3.5.0: two replicas that
/// edited offline and were merged there.
#[test]
fn what_javascript_wrote_is_read() {
    let bytes = include_bytes!("../data/javascript.automerge");
    let (document, reading) = CartDocument::load(CART, bytes).expect("a document");
    assert!(reading.skipped.is_empty() && reading.waiting.is_empty() && reading.gaps.is_empty());
    let tee = LineKey::parse("TEE", [("colour", "grün"), ("size", "M")]).expect("a line");
    let mug = LineKey::sku("MUG").expect("a SKU");
    let view = document.replica(LAPTOP).view();
    // Set to 7 in place of 2; of the mugs the one that whoever took out 4 had not seen.
    assert_eq!((view.quantity(&tee), view.quantity(&mug)), (7, 1));
    assert_eq!(view.lines.len(), 2);
}

/// A delta about another cart is refused.
#[test]
fn another_carts_delta_is_refused() {
    let mut document = CartDocument::new(CART);
    let other = CartId::from_u128(9);
    assert!(document.apply(&Delta::empty(other)).is_err());
    assert!(document.write(&Cart::new(other)).is_err());
    assert!(document.cart().context() == &Dots::default());
}
