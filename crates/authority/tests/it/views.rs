//! What a cart shows: to a reader, to the sender of a command, and from the cache of views.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use futures_lite::future::block_on;
use holdall::id::Text;
use holdall::view::View;
use holdall::{Action, CartId, LineKey, List, Money, Quantity, RowRef, ViewOptions};
use holdall_authority::{AuthoritySettings, Caller, CartSnapshot, Refusal, Request, ViewReading};
use holdall_store::conformance::Call;
use holdall_store::{CacheReply, ViewCache, ViewKey};
use holdall_testkit::dice::Dice;

use super::{NOW_MS, Shop, account, add, quantity};

/// A cache of views in memory that forgets nothing by itself.
#[derive(Debug, Default)]
struct MemoryViews(Mutex<BTreeMap<(CartId, u64), Vec<u8>>>);

impl ViewCache for MemoryViews {
    fn get(&self, key: ViewKey) -> CacheReply<'_, Option<Vec<u8>>> {
        let view = self.0.lock().expect("views").get(&(key.cart, key.revision)).cloned();
        Box::pin(ready(view))
    }

    fn put(&self, key: ViewKey, view: Vec<u8>) -> CacheReply<'_, bool> {
        self.0.lock().expect("views").insert((key.cart, key.revision), view);
        Box::pin(ready(true))
    }

    fn forget(&self, _: u128, cart: CartId) -> CacheReply<'_, ()> {
        self.0.lock().expect("views").retain(|(of, _), _| *of != cart);
        Box::pin(ready(()))
    }
}

/// Where a reading came from.
#[derive(PartialEq, Eq, Debug)]
enum Source {
    Memory,
    Store,
    Cache,
}

/// Reads a cart as an embedder does that renders it as the quantity of one product. Returns where it
/// came from, its revision and the text.
fn read_units(
    shop: &Shop,
    caller: impl Into<Caller>,
    cart: CartId,
    form: &str,
) -> Result<(Source, u64, String), Refusal> {
    let caller = caller.into();
    match block_on(shop.authority.read_view(&caller, cart, form))? {
        ViewReading::Cached { revision, view } => {
            Ok((Source::Cache, revision, String::from_utf8(view).expect("text")))
        }
        ViewReading::Snapshot { snapshot, uncached } => {
            let text = quantity(&snapshot, "TEE").to_string();
            let source = if uncached.is_some() { Source::Store } else { Source::Memory };
            if let Some(uncached) = uncached {
                block_on(shop.authority.cache_view(uncached, text.as_bytes())).expect("taken");
            }
            Ok((source, snapshot.revision, text))
        }
    }
}

#[test]
fn a_cart_shows_what_the_store_has_and_only_to_whom_it_belongs() {
    let (shop, ann) = (Shop::new(), account("ann"));
    let (guest, stranger) = (shop.guest(), shop.guest());
    let read = |shop: &Shop| read_units(shop, guest.token, guest.cart, "units").expect("the cart");
    shop.add(guest.token, guest.cart, "TEE", 2);
    let loads = shop.store.calls(Call::Load);
    for _ in 0..3 {
        assert_eq!(read(&shop), (Source::Memory, 2, "2".to_owned()));
    }
    assert_eq!(shop.store.calls(Call::Load), loads);
    // Whoever asks next is not taken for who asked last.
    for other in [stranger.token.into(), Caller::from(ann.clone())] {
        let refused = read_units(&shop, other, guest.cart, "units").expect_err("not theirs");
        assert_eq!(refused.kind(), "not-yours");
    }
    assert_eq!(read(&shop).2, "2");

    // Another process changes it, and this one does not answer what was.
    shop.second()
        .submit(guest.token, guest.cart, &Request::new(1 << 90, add("TEE", 1)))
        .expect("an add");
    assert_eq!(read(&shop), (Source::Store, 3, "3".to_owned()));

    // Signed in, the token is revoked, and the account reads the guest cart by its claim, until that
    // is taken back.
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let read_as = |caller: Caller| read_units(&shop, caller, guest.cart, "units");
    assert_eq!(read_as(guest.token.into()).expect_err("revoked").kind(), "merged");
    assert_eq!(read_as(ann.clone().into()).expect("the claim").2, "3");
    block_on(shop.authority.unmerge(NOW_MS, &ann, guest.cart)).expect("taken back");
    assert_eq!(read(&shop).2, "3");
    assert_eq!(read_as(ann.into()).expect_err("no claim").kind(), "not-yours");
}

#[test]
fn a_cached_view_goes_to_whom_it_belongs_and_to_no_other() {
    let shop = Shop::new();
    let cache = Arc::new(MemoryViews::default());
    let process = || shop.second().with_view_cache(cache.clone());
    let (guest, stranger) = (shop.guest(), shop.guest());
    shop.add(guest.token, guest.cart, "TEE", 2);
    let read = |shop: &Shop, form| read_units(shop, guest.token, guest.cart, form);
    let two = |source| (source, 2, "2".to_owned());

    // The first process loads the cart. Others take what it rendered, in this form alone.
    assert_eq!(read(&process(), "units").expect("the cart"), two(Source::Store));
    let loads = shop.store.calls(Call::Load);
    assert_eq!(read(&process(), "units").expect("the cart"), two(Source::Cache));
    assert_eq!(shop.store.calls(Call::Load), loads);
    assert_eq!(read(&process(), "other").expect("the cart"), two(Source::Store));

    // The last form that was rendered is the one that is kept.
    assert_eq!(read(&process(), "other").expect("the cart"), two(Source::Cache));
    let refused = read_units(&process(), stranger.token, guest.cart, "other");
    assert_eq!(refused.expect_err("not theirs").kind(), "not-yours");

    // A change has another revision, so what was cached is not used.
    shop.add(guest.token, guest.cart, "TEE", 1);
    let three = (Source::Store, 3, "3".to_owned());
    assert_eq!(read(&process(), "other").expect("the cart"), three);
    let erased = process();
    block_on(erased.authority.erase_guest(NOW_MS, &guest.token.into(), guest.cart)).expect("done");
    assert_eq!(read(&process(), "other").expect_err("erased").kind(), "erased");
}

#[test]
fn a_pending_command_shows_the_cart_as_it_will_be() {
    let shop = Shop::new();
    let guest = shop.guest();
    let caller = Caller::from(guest.token);
    let request = Request::new(shop.key(), add("TEE", 2));
    let begun = || block_on(shop.authority.begin(NOW_MS, &caller, guest.cart, &request));
    let pending = begun().expect("begun");
    let early = pending.snapshot().clone();
    assert_eq!(quantity(&early, "TEE"), 2);
    let accepted = block_on(pending.finish()).expect("durable");
    assert!(!accepted.repeated && Arc::ptr_eq(&accepted.snapshot.view, &early.view));
    assert_eq!(accepted.snapshot, early);

    // Again, it is answered as it was.
    shop.add(guest.token, guest.cart, "TEE", 1);
    let again = block_on(begun().expect("begun").finish()).expect("known");
    assert_eq!((again.snapshot, again.repeated), (early, true));

    // One that is dropped half way was carried out or was not: a second process and this one agree.
    let request = Request::new(shop.key(), add("TEE", 4));
    drop(block_on(shop.authority.begin(NOW_MS, &caller, guest.cart, &request)).expect("begun"));
    let here = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!(here, shop.second().read(guest.token, guest.cart).expect("the cart"));
    assert!([3, 7].contains(&quantity(&here, "TEE")));
    let once = shop.submit(guest.token, guest.cart, &request).expect("an add");
    assert_eq!(quantity(&once.snapshot, "TEE"), 7);
}

fn some_command(dice: &mut Dice) -> Action {
    let sku = ["A", "B", "C", "D", "E"][dice.below(5)];
    let list = List::ALL[usize::from(dice.happens(200))];
    let row = RowRef { line: LineKey::sku(sku).expect("a SKU"), list, side: None };
    let price = dice.happens(500).then(|| {
        let currency = ["EUR", "SEK"][usize::from(dice.happens(50))];
        Money::parse(&dice.between(1, 3).to_string(), currency).expect("a price")
    });
    let quantity = if dice.happens(50) { 25 } else { dice.between(0, 3) as u32 };
    match dice.between(0, 19) {
        0..=12 => Action::Add {
            row: RowRef { list: List::Active, ..row },
            quantity: Quantity::new(quantity.max(1)).expect("a quantity"),
            price,
        },
        13 | 14 => Action::Set { row, quantity, price },
        15 => Action::Remove { row },
        16 => Action::Clear { list },
        17 if dice.happens(300) => Action::Move { row },
        18 => Action::Note { row, text: Some(Text::new("n").expect("a text")) },
        _ => Action::CartNote { text: Some(Text::new("c").expect("a text")) },
    }
}

/// The view of an Add is made of the view before it. It is what a process shows that reads the cart
/// for the first time.
#[test]
fn an_answer_over_the_one_before_is_the_cart() {
    let mut adds = 0;
    for seed in 0..60 {
        let mut dice = Dice::new(seed, 1);
        let options = ViewOptions { ceiling: 40 };
        let shop = Shop::with(AuthoritySettings { options, ..AuthoritySettings::default() });
        let (ann, guest) = (account("ann"), shop.guest());
        let caller = Caller::from(guest.token);
        let mut kept: Vec<(CartSnapshot, View)> = Vec::new();
        for step in 0..60 {
            let by = if dice.happens(300) {
                caller.clone().on(dice.between(1, 2).into())
            } else {
                caller.clone()
            };
            let command = some_command(&mut dice);
            let is_add = matches!(command, Action::Add { .. });
            let what = format!("seed {seed}, step {step}: {command:?}");
            let request = Request::new(shop.key(), command);
            // Now and then by another process, and now and then nobody looks.
            if dice.happens(100) {
                let _ = shop.second().submit(by, guest.cart, &request);
                continue;
            }
            if dice.happens(100) {
                let _ = block_on(shop.authority.acknowledge(NOW_MS, &by, guest.cart, &request));
                continue;
            }
            let Ok(accepted) = shop.submit(by, guest.cart, &request) else { continue };
            adds += u32::from(is_add);
            // An embedder that keeps the view has it as it was, whatever comes.
            kept.push((accepted.snapshot.clone(), accepted.snapshot.view.as_ref().clone()));
            let whole = shop.second().read(caller.clone(), guest.cart);
            assert_eq!(accepted.snapshot, whole.expect("the cart"), "{what}");
        }
        // Merged, an account's cart is read in full.
        let home = shop.sign_in(&ann, guest.cart, guest.token).expect("a merge").snapshot.cart;
        for step in 0..8 {
            let request = Request::new(shop.key(), some_command(&mut dice));
            let by = Caller::from(ann.clone());
            let Ok(accepted) = shop.submit(by.clone(), home, &request) else { continue };
            let whole = shop.second().read(by, home).expect("the cart");
            assert_eq!(accepted.snapshot, whole, "seed {seed}, merged, step {step}: {request:?}");
        }
        assert!(kept.iter().all(|(snapshot, was)| *snapshot.view == *was), "seed {seed}");
    }
    assert!(adds > 1_000, "{adds} adds");
}
