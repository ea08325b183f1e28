//! Carts written out once for each revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_lite::future::block_on;
use holdall::{Action, LineKey, List, Money, Quantity, RowRef, Text, ViewOptions};
use holdall_authority::{Caller, Form, Refusal, Request, Settings, Written};
use holdall_store::conformance::Call;
use holdall_testkit::dice::Dice;

use super::{NOW_MS, Shop, account, add, quantity, row, set};

static WRITINGS: AtomicUsize = AtomicUsize::new(0);

const COUNTED: Form = Form {
    name: "units",
    write: |shown, sheet| {
        WRITINGS.fetch_add(1, Ordering::Relaxed);
        sheet.put(quantity(shown, "TEE").to_string().as_bytes());
    },
};

static ROWS: AtomicUsize = AtomicUsize::new(0);

const LISTED: Form = Form {
    name: "rows",
    write: |_, sheet| {
        for list in List::ALL {
            sheet.rows(list, b", ", |row, text| {
                ROWS.fetch_add(1, Ordering::Relaxed);
                text.extend(format!("{} of {}", row.quantity, row.line).bytes());
            });
            sheet.put(b"; ");
        }
    },
};

fn written(
    shop: &Shop,
    caller: impl Into<Caller>,
    cart: holdall::CartId,
) -> Result<Written, Refusal> {
    block_on(shop.authority.written(&caller.into(), cart, &COUNTED))
}

#[test]
fn a_cart_is_written_out_once_and_only_for_whom_it_is() {
    let (shop, ann) = (Shop::new(), account("ann"));
    let (guest, stranger) = (shop.guest(), shop.guest());
    let read = |shop: &Shop| {
        let Written { revision, bytes } = written(shop, guest.token, guest.cart).expect("the cart");
        (revision, bytes)
    };
    shop.add(guest.token, guest.cart, "TEE", 2);
    let (before, loads) = (WRITINGS.load(Ordering::Relaxed), shop.store.calls(Call::Load));
    let (_, first) = read(&shop);
    for _ in 0..3 {
        let (revision, again) = read(&shop);
        assert_eq!((revision, &*again), (2, &b"2"[..]));
        assert!(Arc::ptr_eq(&again, &first));
    }
    assert_eq!(WRITINGS.load(Ordering::Relaxed), before + 1);
    assert_eq!(shop.store.calls(Call::Load), loads);
    // Whoever asks next is not taken for who asked last.
    for other in [stranger.token.into(), Caller::from(ann.clone())] {
        let refused = written(&shop, other, guest.cart).expect_err("not theirs");
        assert_eq!(refused.kind(), "not-yours");
    }
    assert_eq!(&*read(&shop).1, b"2");

    // Another process changes it, and this one does not answer what was.
    shop.second()
        .submit(guest.token, guest.cart, &Request::new(1 << 90, add("TEE", 1)))
        .expect("an add");
    let (revision, bytes) = read(&shop);
    assert_eq!((revision, &*bytes), (3, &b"3"[..]));

    // Signed in, the token is revoked, and the account reads the guest cart by its claim, until that is taken back.
    shop.sign_in(&ann, guest.cart, guest.token).expect("a merge");
    let refused = written(&shop, guest.token, guest.cart).expect_err("revoked");
    assert_eq!(refused.kind(), "merged");
    assert_eq!(&*written(&shop, ann.clone(), guest.cart).expect("the claim").bytes, b"3");
    block_on(shop.authority.unmerge(NOW_MS, &ann, guest.cart)).expect("taken back");
    assert_eq!(&*read(&shop).1, b"3");
    let refused = written(&shop, ann, guest.cart).expect_err("no claim");
    assert_eq!(refused.kind(), "not-yours");
}

/// A row that is as it was is copied, whatever came, went and changed around it.
#[test]
fn a_row_is_written_anew_when_it_changed_and_then_alone() {
    let shop = Shop::new();
    let guest = shop.guest();
    let caller = Caller::from(guest.token);
    let list = |shop: &Shop| {
        let before = ROWS.load(Ordering::Relaxed);
        let written = block_on(shop.authority.written(&caller, guest.cart, &LISTED));
        let text = String::from_utf8(written.expect("the cart").bytes.to_vec()).expect("text");
        (text, ROWS.load(Ordering::Relaxed) - before)
    };
    for sku in ["A", "B", "C", "D", "E"] {
        shop.add(guest.token, guest.cart, sku, 1);
        assert_eq!(list(&shop).1, 1, "{sku}");
    }
    let remove = |sku| Action::Remove { row: row(sku) };
    for (command, anew) in [
        (add("C", 1), 1),
        (remove("A"), 0),
        // It stands in the other list now, and the others where they were.
        (Action::Move { row: row("D") }, 1),
        (set("B", 9), 1),
        (add("AA", 1), 1),
    ] {
        let name = format!("{command:?}");
        shop.submit(guest.token, guest.cart, &Request::new(shop.key(), command)).expect("done");
        let (text, rows) = list(&shop);
        // Another process writes all of them.
        let (whole, all) = list(&shop.second());
        assert_eq!((text, rows), (whole, anew), "{name}");
        assert!(all > anew, "{name}");
    }
}

/// All that a cart shows.
const WHOLE: Form = Form {
    name: "whole",
    write: |shown, sheet| {
        for list in List::ALL {
            sheet.rows(list, b", ", |row, text| {
                ROWS_OF_WHOLE.fetch_add(1, Ordering::Relaxed);
                text.extend(format!("{row:?}").bytes());
            });
        }
        let mut rest = shown.view.clone();
        (rest.lines, rest.saved) = (Vec::new(), Vec::new());
        sheet.put(format!("{} {rest:?}", shown.revision).as_bytes());
    },
};

static ROWS_OF_WHOLE: AtomicUsize = AtomicUsize::new(0);

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

/// What an Add is answered with is made of what was there before. It is what a process shows that reads the cart for the first time.
#[test]
fn an_answer_over_the_one_before_is_the_cart() {
    let (mut adds, mut alone) = (0, 0);
    for seed in 0..60 {
        let mut dice = Dice::new(seed, 1);
        let options = ViewOptions { ceiling: 40 };
        let shop = Shop::with(Settings { options, ..Settings::default() });
        let (ann, guest) = (account("ann"), shop.guest());
        let caller = Caller::from(guest.token);
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
            let before = ROWS_OF_WHOLE.load(Ordering::Relaxed);
            let told = shop.authority.submit_written(NOW_MS, &by, guest.cart, &request, &WHOLE);
            let Ok(told) = block_on(told) else { continue };
            let rows = ROWS_OF_WHOLE.load(Ordering::Relaxed) - before;
            (adds, alone) = (adds + u32::from(is_add), alone + u32::from(is_add && rows == 1));
            let other = shop.second();
            let whole = block_on(other.authority.written(&caller, guest.cart, &WHOLE));
            assert_eq!(told.written, whole.expect("the cart"), "{what}");
        }
        // Merged, an account's cart is read in full.
        let home = shop.sign_in(&ann, guest.cart, guest.token).expect("a merge").shown.cart;
        for step in 0..8 {
            let request = Request::new(shop.key(), some_command(&mut dice));
            let by = Caller::from(ann.clone());
            let told = shop.authority.submit_written(NOW_MS, &by, home, &request, &WHOLE);
            let Ok(told) = block_on(told) else { continue };
            let other = shop.second();
            let whole = block_on(other.authority.written(&by, home, &WHOLE)).expect("the cart");
            assert_eq!(told.written, whole, "seed {seed}, merged, step {step}: {request:?}");
        }
    }
    assert!(adds > 1_000 && alone > adds / 2, "{alone} of {adds} adds wrote one row");
}
