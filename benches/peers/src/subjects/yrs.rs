//! yrs: a flat map under the root, one transaction for each edit, garbage collected at commit.

use std::collections::BTreeMap;

use yrs::any::Number;
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, Map, MapRef, Options, Out, ReadTxn, StateVector, Transact, TransactionMut};

use super::keys::{Keys, count, line_of};
use crate::script::Verb;
use crate::subject::{CartNumber, Clock, Subject, Writer, random_bits};

/// yrs.
#[derive(Debug)]
pub struct Yrs {
    doc: Doc,
    map: MapRef,
    keys: Keys,
    base: StateVector,
}

impl Yrs {
    fn open(writer: Writer, stale: bool) -> Self {
        let client_id = ClientID::new(random_bits(writer) as u64 >> 11);
        let doc =
            Doc::with_options(Options { skip_gc: false, ..Options::with_client_id(client_id) });
        let map = doc.get_or_insert_map("c");
        Self { doc, map, keys: Keys::new(writer, stale), base: StateVector::default() }
    }

    fn write<'a>(
        doc: &'a Doc,
        map: &MapRef,
        keys: &mut Keys,
        verb: Verb,
        line: &str,
    ) -> TransactionMut<'a> {
        let mut transaction = doc.transact_mut();
        if !matches!(verb, Verb::Add(_)) {
            keys.refresh(|see| map.keys(&transaction).for_each(see));
            for key in keys.take(line) {
                map.remove(&mut transaction, &key);
            }
        }
        if let Verb::Add(units) | Verb::Set(units) = verb {
            map.insert(&mut transaction, keys.make(line), Any::from(i64::from(units)));
        }
        transaction
    }
}

impl Subject for Yrs {
    const NAME: &'static str = "yrs";
    type Line = String;
    type Guest = Doc;

    fn line(sku: &str) -> String {
        sku.to_owned()
    }

    fn new(_cart: CartNumber, writer: Writer) -> Self {
        Self::open(writer, false)
    }

    fn edit(&mut self, _now_ms: u64, verb: Verb, line: &String) {
        drop(Self::write(&self.doc, &self.map, &mut self.keys, verb, line));
    }

    // Before the commit, when the transaction still knows what it did.
    fn edit_and_encode(
        &mut self,
        _now_ms: u64,
        verb: Verb,
        line: &String,
        clock: &mut Clock,
    ) -> Vec<u8> {
        let transaction = Self::write(&self.doc, &self.map, &mut self.keys, verb, line);
        clock.run(|| transaction.encode_update_v1())
    }

    fn apply(&mut self, message: &[u8]) {
        let update = yrs::Update::decode_v1(message).expect("an update");
        self.doc.transact_mut().apply_update(update).expect("its place");
        self.keys.spoil();
    }

    fn mark(&mut self) {
        self.base = self.doc.transact().state_vector();
    }

    fn since_mark(&mut self) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(&self.base)
    }

    fn save(&mut self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    fn load(bytes: &[u8], _cart: CartNumber, writer: Writer) -> Self {
        let mut subject = Self::open(writer, true);
        subject.apply(bytes);
        subject
    }

    fn lines(&self) -> BTreeMap<String, u64> {
        let mut lines = BTreeMap::new();
        let transaction = self.doc.transact();
        for (key, value) in self.map.iter(&transaction) {
            let Out::Any(Any::Number(Number::Int(units))) = value else {
                panic!("units are no {value:?}")
            };
            count(&mut lines, line_of(key), units.try_into().expect("units"));
        }
        lines
    }

    // A handle: the guest's document itself is only read.
    fn guest(&mut self) -> Doc {
        self.doc.clone()
    }

    fn merge(&mut self, _now_ms: u64, guest: &mut Option<Doc>) {
        let guest = guest.as_ref().expect("a guest");
        let update = guest.transact().encode_state_as_update_v1(&StateVector::default());
        self.apply(&update);
    }
}
