//! A merge rule of one's own: a bulk order of either side is taken as it is, all else adds up.
//!
//! `cargo run --example own_rule`

use holdall::policy::{Choice, MergeInput};
use holdall::{
    CartId, Claim, LineKey, MergePolicy, Notice, Quantity, Registry, Replica, ReplicaId, Rule,
};

const BULK_UNITS: u64 = 100;

/// Sees facts, answers which side counts. It cannot write a number, so it cannot invent units.
struct Bulk;

impl Rule for Bulk {
    fn name(&self) -> &str {
        "bulk"
    }

    fn choose(&self, facts: &MergeInput<'_>) -> Choice {
        match (facts.account.units >= BULK_UNITS, facts.guest.units >= BULK_UNITS) {
            (false, false) => Choice::Both,
            (true, false) => Choice::Account,
            (false, true) => Choice::Guest,
            (true, true) => Choice::Ask,
        }
    }

    fn reason(&self, choice: Choice) -> &str {
        match choice {
            Choice::Both => "neither side is a bulk order",
            Choice::Ask => "both sides are bulk orders",
            _ => "one side is a bulk order",
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (account, guest) = (CartId::from_u128(1), CartId::from_u128(2));
    let (screw, plate) = (LineKey::sku("SCREW")?, LineKey::sku("PLATE")?);
    let rules = Registry::default().with(Bulk)?;

    let mut office = Replica::new(account, ReplicaId::from_u128(1)).with_rules(rules);
    office.add(0, &screw, Quantity::new(500)?, None)?;
    office.add(0, &plate, Quantity::new(4)?, None)?;
    let mut site = Replica::new(guest, ReplicaId::from_u128(2));
    site.add(1, &screw, Quantity::new(20)?, None)?;
    site.add(1, &plate, Quantity::new(6)?, None)?;

    let claim = Claim { guest, account, number: 1 };
    let delta = office.merge(2, claim, MergePolicy::rule("bulk")?, site.cart())?;
    for line in office.explain() {
        for sentence in line.sentences(&holdall::view::PlainPhrasing) {
            println!("{sentence}");
        }
    }
    assert_eq!(office.view().quantity(&screw), 500);
    assert_eq!(office.view().quantity(&plate), 10);

    // A replica without the rule has the same state. It shows both sides and says what it lacks.
    let mut region = Replica::new(account, ReplicaId::from_u128(3));
    let all = office.cart().to_delta();
    let _ = region.join(&all)?;
    let _ = region.join(&delta)?;
    assert_eq!(region.fingerprint(), office.fingerprint());
    let lacking = |notice: &&Notice| matches!(notice, Notice::PolicyUnavailable { .. });
    let lacks = region.view().notices.iter().filter(lacking).count();
    println!("a region without the rule shows {lacks} lines apart and refuses their checkout");
    assert_eq!(lacks, 2);
    assert!(region.snapshot().is_err());
    Ok(())
}
