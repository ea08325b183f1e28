//! Keys under the root of a document: flat, each made by one writer, so that nothing that is
//! created twice competes.

use std::fmt;

use holdall::dots::Dot;
use holdall::id::{CartId, ReplicaId};
use holdall::limits;

/// What all keys of carts begin with.
const PREFIX: &str = "hd/";

/// A key of a cart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// One action.
    Action(Dot),
    /// Dots that are known to be dead, without the actions that made them so. The name only has
    /// to be one that nobody else uses for something else.
    Dead(String),
    /// The cart was erased.
    Erased,
}

/// Whose key a text is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// Some other program's.
    Foreign,
    /// It begins like ours and is none.
    Malformed,
    /// This cart's; none if the rest of it is malformed.
    Cart(CartId, Option<Key>),
}

impl Key {
    /// Reads a key. Every name has one spelling: two keys for one dot would be two places to look.
    pub(super) fn parse(text: &str) -> Owner {
        let Some(rest) = text.strip_prefix(PREFIX) else { return Owner::Foreign };
        let Some((cart, rest)) = rest.split_once('/') else { return Owner::Malformed };
        let Some(cart) = spelled::<CartId>(cart) else { return Owner::Malformed };
        Owner::Cart(cart, Self::of_cart(rest))
    }

    fn of_cart(rest: &str) -> Option<Self> {
        if rest == "erased" {
            return Some(Self::Erased);
        }
        let (first, second) = rest.split_once('/')?;
        if first == "dead" {
            let named = !second.is_empty() && !second.contains('/');
            return named.then(|| Self::Dead(second.into()));
        }
        let (replica, seq) = (spelled::<ReplicaId>(first)?, spelled::<u64>(second)?);
        (1..=limits::SEQ_MAX).contains(&seq).then(|| Self::Action(Dot::new(replica, seq)))
    }

    /// The key's text.
    pub(super) fn text(&self, cart: CartId) -> String {
        match self {
            Self::Action(Dot { replica, seq }) => format!("{PREFIX}{cart}/{replica}/{seq}"),
            Self::Dead(name) => format!("{PREFIX}{cart}/dead/{name}"),
            Self::Erased => format!("{PREFIX}{cart}/erased"),
        }
    }
}

/// A value that is written just as it would be written here.
fn spelled<T: std::str::FromStr + fmt::Display>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CART: CartId = CartId::from_u128(7);

    #[test]
    fn keys_are_read_as_they_are_written() {
        let dot = Dot::new(ReplicaId::from_u128(u128::MAX), 12);
        for key in [Key::Action(dot), Key::Dead("x".into()), Key::Erased] {
            assert_eq!(Key::parse(&key.text(CART)), Owner::Cart(CART, Some(key)));
        }
    }

    #[test]
    fn there_is_one_spelling() {
        let id = "00000000-0000-0000-0000-000000000007";
        for bad in ["", "3", "/3", "dead", "dead/", "dead/a/b", "erased/", "Erased"] {
            assert_eq!(Key::parse(&format!("hd/{id}/{bad}")), Owner::Cart(CART, None), "{bad}");
        }
        for seq in ["0", "01", "+1", "-1", "1.0", " 1", "4294967296", "18446744073709551616", "1/2"]
        {
            let text = format!("hd/{id}/{id}/{seq}");
            assert_eq!(Key::parse(&text), Owner::Cart(CART, None), "{seq}");
        }
        for bad in ["hd/", "hd/7/x", "hd/0000000000000000000000000000000A/x"] {
            assert_eq!(Key::parse(bad), Owner::Malformed, "{bad}");
        }
        let upper = "hd/0000000A-0000-0000-0000-000000000007/erased";
        assert_eq!(Key::parse(upper), Owner::Malformed);
        assert_eq!(Key::parse("title"), Owner::Foreign);
    }
}
