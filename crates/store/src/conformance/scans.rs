//! Clauses about looking for carts.

use super::clause::Clause;
use super::stage::{Stage, Verdict, cart, delta, same};
use crate::{Append, Class, Idle};
use holdall::id::CartId;

pub(super) const CLAUSES: [Clause; 4] = [
    Clause::new(
        "carts",
        "All carts are listed, in ascending order of ids, each once, in pages.",
        carts,
    ),
    Clause::new(
        "idle-order",
        "Idle carts come longest idle first, those of one time by id, at most the limit.",
        idle_order,
    ),
    Clause::new(
        "idle-bounds",
        "Only carts of the class count as idle, and only before the time, not at it.",
        idle_bounds,
    ),
    Clause::new("idle-moves", "A cart is listed by its last append alone.", idle_moves),
];

fn carts(stage: Stage<'_>) -> Verdict {
    let low = [0, 1, u128::MAX, u128::MAX - 1, 1 << 64, 1 << 127].map(CartId::from_u128);
    let mut ids: Vec<CartId> = (1..20).map(cart).chain(low).collect();
    for id in &ids {
        stage.done(delta(*id, 0, b"d"))?;
    }
    stage.done(delta(ids[3], 1, b"again"))?;
    ids.sort();
    same("all carts", &stage.carts(None, usize::MAX)?, &ids)?;
    same("none of them", &stage.carts(None, 0)?, &Vec::new())?;
    let mut pages = Vec::new();
    while let page = stage.carts(pages.last().copied(), 4)?
        && !page.is_empty()
    {
        if page.len() > 4 || pages.len() > ids.len() {
            return Err(format!("a page of at most 4 has {}, after {}", page.len(), pages.len()));
        }
        pages.extend(page);
    }
    same("all carts, in pages of 4", &pages, &ids)?;
    let between = CartId::from_u128(ids[8].as_u128() - 1);
    let after = stage.carts(Some(between), 2)?;
    same("after an id that is no cart's", &after, &ids[8..10].to_vec())
}

fn append(stage: &Stage<'_>, id: CartId, at_ms: u64, class: Class) -> Result<Idle, String> {
    let revision = stage.revision(id)?.unwrap_or_default();
    stage.done(Append::new(id, revision, at_ms, class).with_delta(b"d".to_vec()))?;
    Ok(Idle { cart: id, at_ms, revision: revision + 1 })
}

fn idle_order(stage: Stage<'_>) -> Verdict {
    let mut wanted = Vec::new();
    for n in 1..=12_u64 {
        // Four times three carts; the times are not in order.
        wanted.push(append(&stage, cart(n.into()), 1_000 + n * 7 % 4, Class::Guest)?);
    }
    wanted.sort_by_key(|idle| (idle.at_ms, idle.cart));
    same("all idle carts", &stage.idle(Class::Guest, u64::MAX, usize::MAX)?, &wanted)?;
    same("the first five", &stage.idle(Class::Guest, 2_000, 5)?, &wanted[..5].to_vec())?;
    same("none of them", &stage.idle(Class::Guest, 2_000, 0)?, &Vec::new())
}

fn idle_bounds(stage: Stage<'_>) -> Verdict {
    for (class, n) in Class::ALL.into_iter().zip(0_u64..) {
        for at_ms in [0, 99, 100, 101] {
            append(&stage, cart((n * 1_000 + at_ms + 1).into()), at_ms, class)?;
        }
    }
    for class in Class::ALL {
        let seen: Vec<u64> =
            stage.idle(class, 100, 10)?.into_iter().map(|idle| idle.at_ms).collect();
        same(&format!("{class:?} before 100"), &seen, &vec![0, 99])?;
        same(&format!("{class:?} before 0"), &stage.idle(class, 0, 10)?, &Vec::new())?;
    }
    Ok(())
}

fn idle_moves(stage: Stage<'_>) -> Verdict {
    append(&stage, cart(1), 10, Class::Guest)?;
    let later = append(&stage, cart(1), 20, Class::Guest)?;
    same("after a later append", &stage.idle(Class::Guest, 100, 9)?, &vec![later])?;
    let other = append(&stage, cart(1), 30, Class::Account)?;
    same("as a guest's no more", &stage.idle(Class::Guest, 100, 9)?, &Vec::new())?;
    same("as an account's", &stage.idle(Class::Account, 100, 9)?, &vec![other])?;
    same("removing it", &stage.remove(cart(1), 3)?, &true)?;
    same("when it is gone", &stage.idle(Class::Account, 100, 9)?, &Vec::new())
}
