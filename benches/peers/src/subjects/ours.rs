//! `holdall` with everything a real cart has: times, scopes, seen prices, the default policies, and
//! lines read through the view.

use std::collections::BTreeMap;

use holdall::{
    Cart, CartId, Claim, Delta, Have, LineKey, MergePolicy, Money, Quantity, Replica, ReplicaId,
    RowRef, Time, wire,
};

use crate::model::Clash;
use crate::script::Verb;
use crate::subject::{ACCOUNT, CartNumber, Clock, GUEST, Subject, Writer, random_bits};

/// This library.
#[derive(Debug)]
pub struct Ours {
    replica: Replica,
    base: Have,
    link: Option<Box<Link>>,
}

/// The ends of a connection. A frame is encoded once; what is clocked is encoded for a second
/// connection that is as far.
#[derive(Debug)]
struct Link {
    sender: wire::LinkSender,
    clocked: wire::LinkSender,
    receiver: wire::LinkReceiver,
}

/// A line as a caller has it: its key, its row, and the price the shopper sees.
#[derive(Debug)]
pub struct Line {
    key: LineKey,
    row: RowRef,
    price: Money,
}

fn cart_id(cart: CartNumber) -> CartId {
    CartId::from_u128(random_bits(0xca47 << 32 | cart))
}

impl Ours {
    fn act(&mut self, now_ms: u64, verb: Verb, line: &Line) -> Delta {
        let price = Some(line.price);
        let done = match verb {
            Verb::Add(units) => {
                let units = Quantity::new(units).expect("a quantity");
                self.replica.add(now_ms, &line.key, units, price)
            }
            Verb::Set(units) => self.replica.set(now_ms, &line.row, units, price),
            Verb::Remove => self.replica.remove(now_ms, &line.row),
        };
        done.expect("an edit")
    }
}

impl Subject for Ours {
    const NAME: &'static str = "holdall";
    const CLASH: Clash = Clash::Latest;
    type Line = Line;
    type Guest = (Claim, Option<MergePolicy>, Cart);

    fn line(sku: &str) -> Line {
        let key = LineKey::sku(sku).expect("a SKU");
        let price = Money::parse("2.60", "EUR").expect("a price");
        Line { row: RowRef::active(key.clone()), key, price }
    }

    fn new(cart: CartNumber, writer: Writer) -> Self {
        let id = ReplicaId::from_u128(random_bits(writer));
        Self { replica: Replica::new(cart_id(cart), id), base: Have::default(), link: None }
    }

    fn edit(&mut self, now_ms: u64, verb: Verb, line: &Line) {
        std::hint::black_box(self.act(now_ms, verb, line));
    }

    fn edit_and_encode(
        &mut self,
        now_ms: u64,
        verb: Verb,
        line: &Line,
        clock: &mut Clock,
    ) -> Vec<u8> {
        let delta = self.act(now_ms, verb, line);
        match &mut self.link {
            None => clock.run(|| wire::encode_delta(&delta)),
            Some(link) => {
                clock.run(|| link.clocked.encode(&delta));
                link.sender.encode(&delta)
            }
        }
    }

    fn connect(&mut self) {
        let cart = self.replica.cart().id();
        let (sender, receiver) = (wire::LinkSender::new(cart), wire::LinkReceiver::new(cart));
        self.link = Some(Box::new(Link { clocked: sender.clone(), sender, receiver }));
    }

    fn apply(&mut self, message: &[u8]) {
        let delta = match &mut self.link {
            None => wire::decode_delta(message).expect("a delta"),
            Some(link) => link.receiver.decode(message).expect("a frame"),
        };
        let joined = self.replica.join(&delta).expect("the same cart");
        assert!(joined.equivocations.is_empty());
    }

    fn mark(&mut self) {
        self.base = self.replica.cart().have();
    }

    fn since_mark(&mut self) -> Vec<u8> {
        wire::encode_delta(&self.replica.cart().delta_for(&self.base))
    }

    fn save(&mut self) -> Vec<u8> {
        wire::encode_cart(self.replica.cart())
    }

    fn load(bytes: &[u8], _cart: CartNumber, writer: Writer) -> Self {
        let cart = wire::decode_cart(bytes).expect("a cart");
        let id = ReplicaId::from_u128(random_bits(writer));
        let replica = Replica::resume(id, Time::default(), cart);
        Self { replica, base: Have::default(), link: None }
    }

    fn lines(&self) -> BTreeMap<String, u64> {
        let view = self.replica.view();
        view.lines.iter().map(|row| (row.line.product().to_owned(), row.quantity)).collect()
    }

    fn guest(&mut self) -> Self::Guest {
        let claim = Claim { guest: cart_id(GUEST), account: cart_id(ACCOUNT), number: 1 };
        let policy = MergePolicy::rule("sum").expect("a rule");
        (claim, Some(policy), self.replica.cart().clone())
    }

    fn merge(&mut self, now_ms: u64, guest: &mut Option<Self::Guest>) {
        let (claim, policy, cart) = guest.as_mut().expect("a guest");
        let policy = policy.take().expect("a policy");
        std::hint::black_box(self.replica.merge(now_ms, *claim, policy, cart).expect("a merge"));
    }
}
