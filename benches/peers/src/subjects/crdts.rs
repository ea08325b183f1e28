//! crdts (rust-crdt): a map of lines, each a set of adds. Peers get operations; a state is merged
//! only where a guest comes in. Stored with bincode's integers of variable length. A flat map of
//! registers, one key for each add, is slower and larger in all but W7.

use std::collections::BTreeMap;

use bincode::Options as _;
use crdts::{CmRDT, CvRDT, Map, Orswot, map};

use super::keys::count;
use crate::script::Verb;
use crate::subject::{CartNumber, Clock, Subject, Writer, random_bits};

/// An add: a short name of its writer, its number there, its units. Two equal adds of two writers
/// must not be one member of the set.
type Add = (u32, u32, u32);
type Line = Orswot<Add, u64>;
type Cart = Map<String, Line, u64>;
type Op = map::Op<String, Line, u64>;

/// crdts.
#[derive(Debug)]
pub struct Crdts {
    cart: Cart,
    writer: u64,
    made: u32,
    /// What was done since the mark, once there is one.
    log: Option<Vec<Op>>,
}

fn format() -> impl bincode::Options {
    bincode::options()
}

impl Crdts {
    fn of(cart: Cart, writer: Writer) -> Self {
        Self { cart, writer: random_bits(writer) as u64, made: 0, log: None }
    }

    fn act(&mut self, op: Op, done: &mut Vec<Op>) {
        done.push(op.clone());
        self.cart.apply(op);
    }

    fn write(&mut self, verb: Verb, line: &str) -> Vec<Op> {
        let mut done = Vec::with_capacity(2);
        if !matches!(verb, Verb::Add(_)) {
            let seen = self.cart.get(&line.to_owned()).derive_rm_ctx();
            let op = self.cart.rm(line, seen);
            self.act(op, &mut done);
        }
        if let Verb::Add(units) | Verb::Set(units) = verb {
            self.made += 1;
            let add = (self.writer as u32, self.made, units);
            let context = self.cart.read_ctx().derive_add_ctx(self.writer);
            let op = self.cart.update(line, context, |set, context| set.add(add, context));
            self.act(op, &mut done);
        }
        if let Some(log) = &mut self.log {
            log.extend(done.iter().cloned());
        }
        done
    }
}

impl Subject for Crdts {
    const NAME: &'static str = "crdts";
    type Line = String;
    type Guest = Cart;

    fn line(sku: &str) -> String {
        sku.to_owned()
    }

    fn new(_cart: CartNumber, writer: Writer) -> Self {
        Self::of(Cart::new(), writer)
    }

    fn edit(&mut self, _now_ms: u64, verb: Verb, line: &String) {
        std::hint::black_box(self.write(verb, line));
    }

    fn edit_and_encode(
        &mut self,
        _now_ms: u64,
        verb: Verb,
        line: &String,
        clock: &mut Clock,
    ) -> Vec<u8> {
        let done = self.write(verb, line);
        clock.run(|| format().serialize(&done).expect("operations"))
    }

    fn apply(&mut self, message: &[u8]) {
        let ops: Vec<Op> = format().deserialize(message).expect("operations");
        ops.into_iter().for_each(|op| self.cart.apply(op));
    }

    fn mark(&mut self) {
        self.log = Some(Vec::new());
    }

    fn since_mark(&mut self) -> Vec<u8> {
        format().serialize(self.log.as_ref().expect("a mark")).expect("operations")
    }

    fn save(&mut self) -> Vec<u8> {
        format().serialize(&self.cart).expect("a state")
    }

    fn load(bytes: &[u8], _cart: CartNumber, writer: Writer) -> Self {
        Self::of(format().deserialize(bytes).expect("a state"), writer)
    }

    fn lines(&self) -> BTreeMap<String, u64> {
        let mut lines = BTreeMap::new();
        for item in self.cart.iter() {
            let (line, adds) = item.val;
            for add in adds.read().val {
                count(&mut lines, line, add.2.into());
            }
        }
        lines
    }

    fn guest(&mut self) -> Cart {
        self.cart.clone()
    }

    fn merge(&mut self, _now_ms: u64, guest: &mut Option<Cart>) {
        self.cart.merge(guest.take().expect("a guest"));
    }
}
