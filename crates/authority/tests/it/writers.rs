//! Writers that come and go: a cart outlives most of its shopper's devices.

use futures_lite::future::block_on;
use holdall::cart::Have;
use holdall::{Dot, LineKey, Quantity, Replica, ReplicaId, limits, wire};
use holdall_authority::{Admitted, Advice, AuthoritySettings, Caller, Opened, Rate, Refusal};
use holdall_store::{Append, Appended, Class, Store};

use super::{NOW_MS, Shop, quantity};

fn register(shop: &Shop, guest: &Opened, replica: ReplicaId) -> Result<Dot, Refusal> {
    let caller = Caller::from(guest.token);
    let registered = shop.authority.register(NOW_MS, &caller, guest.cart, replica);
    block_on(registered).map(|registered| registered.last)
}

fn retire(shop: &Shop, guest: &Opened, replica: ReplicaId) {
    let caller = Caller::from(guest.token);
    block_on(shop.authority.retire(NOW_MS, &caller, guest.cart, replica)).expect("it ends");
}

/// Hands in one action of a device that begins: one more of a line.
fn write(shop: &Shop, guest: &Opened, replica: ReplicaId) -> Result<Admitted, Refusal> {
    let line = LineKey::sku("TEE").expect("a SKU");
    let one = Quantity::new(1).expect("a quantity");
    let delta = Replica::new(guest.cart, replica).add(NOW_MS, &line, one, None).expect("an add");
    let bytes = wire::encode_delta(&delta);
    block_on(shop.authority.accept(NOW_MS, &guest.token.into(), guest.cart, &bytes))
}

fn wrote(shop: &Shop, guest: &Opened, replica: ReplicaId) {
    let admitted = write(shop, guest, replica);
    assert!(matches!(admitted, Ok(Admitted::Applied { .. })), "{admitted:?}");
}

/// The cart's header, as the store has it.
fn header(shop: &Shop, guest: &Opened) -> String {
    let loaded = block_on(shop.store.load(guest.cart)).expect("a store").expect("the cart");
    String::from_utf8(loaded.header).expect("a text")
}

/// Puts another header in, as if it had been there.
fn with_header(shop: &Shop, guest: &Opened, header: String) {
    let revision = block_on(shop.store.revision(guest.cart)).expect("a store").expect("the cart");
    let mut append = Append::new(guest.cart, revision, NOW_MS, Class::Guest);
    append.header = Some(header.into_bytes());
    let appended = block_on(shop.store.append(append)).expect("a store");
    assert!(matches!(appended, Appended::Done { .. }), "{appended:?}");
}

#[test]
fn a_cart_outlives_more_devices_than_it_may_have_at_once() {
    let (rate, devices) =
        (Rate { burst: u32::MAX, per_minute: u32::MAX }, limits::WRITERS as u128 + 5);
    let settings =
        AuthoritySettings { device_rate: rate, shopper_rate: rate, ..AuthoritySettings::default() };
    let shop = Shop::with(settings);
    let guest = shop.guest();
    let before = header(&shop, &guest).len();
    for device in (1..=devices).map(ReplicaId::from_u128) {
        assert_eq!(register(&shop, &guest, device).expect("there is room").seq, 0);
        retire(&shop, &guest, device);
    }
    let weight = header(&shop, &guest).len() - before;
    assert!(weight <= 33 * devices as usize, "{weight} bytes");
    let new = ReplicaId::from_u128(1 << 64);
    register(&shop, &guest, new).expect("there is room");
    wrote(&shop, &guest, new);
    let inspected = block_on(shop.authority.inspect(guest.cart)).expect("the cart");
    assert_eq!(inspected.writers, (1, devices as usize));
}

#[test]
fn a_writer_that_was_retired_is_told_up_to_where_it_was_applied() {
    let (shop, phone) = (Shop::new(), ReplicaId::from_u128(10));
    let guest = shop.guest();
    register(&shop, &guest, phone).expect("it is new");
    wrote(&shop, &guest, phone);
    retire(&shop, &guest, phone);
    retire(&shop, &guest, phone);
    // Another process reads that from the store.
    for shop in [&shop.second(), &shop] {
        for refused in [
            register(shop, &guest, phone).map(|_| ()).expect_err("not again"),
            write(shop, &guest, phone).map(|_| ()).expect_err("no more"),
        ] {
            assert!(matches!(refused, Refusal::WriterRetired { last: 1, .. }), "{refused:?}");
            assert_eq!(refused.advice(), Advice::StartNewWriter);
        }
    }
    let shown = shop.read(guest.token, guest.cart).expect("the cart");
    assert_eq!(quantity(&shown, "TEE"), 1);
}

/// Headers of before said so beside each writer.
#[test]
fn an_older_header_still_says_who_was_retired() {
    let (shop, [old, new]) = (Shop::new(), [1, 2].map(ReplicaId::from_u128));
    let guest = shop.guest();
    for writer in [old, new] {
        register(&shop, &guest, writer).expect("it is new");
        wrote(&shop, &guest, writer);
    }
    let (at, of) = (format!(r#"{{"replica":"{old}","of":"#), header(&shop, &guest));
    let end = of[of.find(&at).expect("the writer")..].find('}').expect("its end");
    let end = of.find(&at).expect("the writer") + end;
    with_header(&shop, &guest, format!(r#"{},"retired":true{}"#, &of[..end], &of[end..]));
    let shop = shop.second();
    let refused = write(&shop, &guest, old).expect_err("it was retired");
    assert!(matches!(refused, Refusal::WriterRetired { last: 1, .. }), "{refused:?}");
    assert!(matches!(write(&shop, &guest, new), Ok(Admitted::Known { last: 1 })));
    // What is written from now on says it in the new way.
    retire(&shop, &guest, new);
    assert!(!header(&shop, &guest).contains("true"), "{}", header(&shop, &guest));
    assert!(matches!(write(&shop, &guest, old), Err(Refusal::WriterRetired { .. })));
}

#[test]
fn there_is_a_limit_to_how_many_are_remembered() {
    let (shop, phone) = (Shop::new(), ReplicaId::from_u128(u128::MAX));
    let guest = shop.guest();
    let ids = |many: usize| (1..=many).map(|id| format!("{id:032x}")).collect::<String>();
    let bare = header(&shop, &guest);
    let bare = bare.strip_suffix('}').expect("an object");
    let with = |ids: String| with_header(&shop, &guest, format!(r#"{bare},"retired":"{ids}"}}"#));
    with(ids(limits::RETIRED_WRITERS));
    let full = register(&shop, &guest, phone).expect_err("one too many");
    let Refusal::Limit { what, limit } = full else { panic!("{full:?}") };
    assert_eq!((what, limit), ("retired writers of one cart", limits::RETIRED_WRITERS));
    with(ids(limits::RETIRED_WRITERS - 1));
    register(&shop, &guest, phone).expect("there is room for one");
    // What is no list of ids is damage, and is told of.
    for odd in ["00".to_owned(), "g".repeat(32), ids(2) + &ids(1)] {
        with(odd);
        let refused = shop.read(guest.token, guest.cart).expect_err("damaged");
        assert!(refused.to_string().contains("retired writers"), "{refused}");
    }
}

/// A shopper's new phone has a writer of its own, however many are done; not if so many may still write.
#[test]
fn writers_that_are_done_take_no_room_from_a_new_device() {
    let rate = Rate { burst: u32::MAX, per_minute: u32::MAX };
    let settings =
        AuthoritySettings { device_rate: rate, shopper_rate: rate, ..AuthoritySettings::default() };
    for retires in [true, false] {
        let shop = Shop::with(settings.clone());
        let guest = shop.guest();
        for replica in (1..=limits::WRITERS as u128).map(ReplicaId::from_u128) {
            register(&shop, &guest, replica).expect("there is room");
            wrote(&shop, &guest, replica);
            if retires {
                retire(&shop, &guest, replica);
            }
        }
        let device = Caller { device: Some(7), ..guest.token.into() };
        shop.add(device, guest.cart, "HAT", 1);
        let all =
            block_on(shop.authority.exchange(&guest.token.into(), guest.cart, &Have::default()));
        let all = wire::decode_delta(&all.expect("an answer")).expect("a delta");
        let own = shop.authority.writer(guest.cart, 7);
        assert_eq!(all.dots().last(own) > 0, retires);
    }
}
