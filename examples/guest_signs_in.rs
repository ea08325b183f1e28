//! A guest's phone signs in: its cart is merged into the account's, under a policy, and the cart
//! says why it shows what it shows.
//!
//! `cargo run --example guest_signs_in`

use holdall::cart::LosingUnits;
use holdall::view::Phrasing;
use holdall::{CartId, Claim, LineKey, MergePolicy, Quantity, Replica, ReplicaId, Time};

const LAPTOP: ReplicaId = ReplicaId::from_u128(1);
const PHONE: ReplicaId = ReplicaId::from_u128(2);
const NINE: u64 = 9 * 3_600_000;

/// What a shopper calls the devices.
struct Home;

impl Phrasing for Home {
    fn device(&self, replica: ReplicaId) -> String {
        match replica {
            LAPTOP => "your laptop",
            PHONE => "your phone",
            _ => "another device",
        }
        .to_owned()
    }

    fn time(&self, time: Time) -> String {
        holdall::view::PlainPhrasing.time(time)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = CartId::from_u128(0xacc0);
    let guest = CartId::from_u128(0x90e5);
    let tee = LineKey::sku("TEE")?;
    let gift = LineKey::sku("GIFT-CARD")?;

    let mut laptop = Replica::new(account, LAPTOP);
    laptop.add(NINE, &tee, Quantity::new(2)?, None)?;
    laptop.add(NINE, &gift, Quantity::ONE, None)?;

    let mut phone = Replica::new(guest, PHONE); // not signed in: a cart of its own
    phone.add(NINE + 60_000, &tee, Quantity::new(3)?, None)?;
    phone.add(NINE + 60_000, &gift, Quantity::ONE, None)?;

    // An authority decided, once, to whom the guest cart belongs. The policy is data: the larger
    // side of a line counts, gift cards add up, and what loses is saved for later.
    let claim = Claim { guest, account, number: 1 };
    let policy = MergePolicy::rule("max")?
        .with_override("GIFT-*", "sum")?
        .with_loser(LosingUnits::SaveForLater);
    laptop.merge(NINE + 120_000, claim, policy.clone(), phone.cart())?;
    let merged = laptop.fingerprint();
    laptop.merge(NINE + 180_000, claim, policy, phone.cart())?; // the login call was retried
    assert_eq!(laptop.fingerprint(), merged);

    for line in laptop.explain() {
        for sentence in line.sentences(&Home) {
            println!("{sentence}");
        }
    }
    let view = laptop.view();
    assert_eq!(view.quantity(&tee), 3);
    assert_eq!(view.quantity(&gift), 2);
    assert_eq!(view.saved.len(), 1);
    assert_eq!((&view.saved[0].line, view.saved[0].quantity), (&tee, 2));

    // It was the wrong account: the merge is taken back, and the account's own view with it.
    laptop.unmerge(NINE + 240_000, guest)?;
    let view = laptop.view();
    println!("taken back: {} tees, {} gift card", view.quantity(&tee), view.quantity(&gift));
    assert_eq!((view.quantity(&tee), view.quantity(&gift)), (2, 1));
    assert!(view.saved.is_empty());
    Ok(())
}
