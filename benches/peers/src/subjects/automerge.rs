//! automerge: a flat map under the root, one change for each edit.

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, AutoCommit, ChangeHash, ROOT, ReadDoc, ScalarValue, ScalarValueRef, ValueRef,
};

use super::keys::{Keys, count, line_of};
use crate::script::Verb;
use crate::subject::{CartNumber, Clock, Subject, Writer, random_bits};

/// automerge.
#[derive(Debug)]
pub struct Automerge {
    doc: AutoCommit,
    keys: Keys,
    base: Vec<ChangeHash>,
}

impl Automerge {
    fn of(mut doc: AutoCommit, writer: Writer, stale: bool) -> Self {
        doc.set_actor(ActorId::from(random_bits(writer).to_be_bytes()));
        Self { doc, keys: Keys::new(writer, stale), base: Vec::new() }
    }
}

impl Subject for Automerge {
    const NAME: &'static str = "automerge";
    type Line = String;
    type Guest = AutoCommit;

    fn line(sku: &str) -> String {
        sku.to_owned()
    }

    fn new(_cart: CartNumber, writer: Writer) -> Self {
        Self::of(AutoCommit::new(), writer, false)
    }

    fn edit(&mut self, _now_ms: u64, verb: Verb, line: &String) {
        if !matches!(verb, Verb::Add(_)) {
            let doc = &self.doc;
            self.keys.refresh(|see| doc.keys(ROOT).for_each(|key| see(&key)));
            for key in self.keys.take(line) {
                self.doc.delete(ROOT, key).expect("a delete");
            }
        }
        if let Verb::Add(units) | Verb::Set(units) = verb {
            let key = self.keys.make(line);
            self.doc.put(ROOT, key, ScalarValue::Uint(units.into())).expect("a put");
        }
        self.doc.commit_with(CommitOptions::default());
    }

    fn edit_and_encode(
        &mut self,
        now_ms: u64,
        verb: Verb,
        line: &String,
        clock: &mut Clock,
    ) -> Vec<u8> {
        self.edit(now_ms, verb, line);
        let doc = &mut self.doc;
        clock.run(|| doc.get_last_local_change().expect("a change").raw_bytes().to_vec())
    }

    fn apply(&mut self, message: &[u8]) {
        self.doc.load_incremental(message).expect("changes");
        self.keys.spoil();
    }

    fn apply_all(&mut self, messages: &[&[u8]]) {
        self.doc.load_incremental(&messages.concat()).expect("changes");
        self.keys.spoil();
    }

    fn mark(&mut self) {
        self.base = self.doc.get_heads();
    }

    fn since_mark(&mut self) -> Vec<u8> {
        self.doc.save_after(&self.base)
    }

    fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }

    fn load(bytes: &[u8], _cart: CartNumber, writer: Writer) -> Self {
        Self::of(AutoCommit::load(bytes).expect("a document"), writer, true)
    }

    fn lines(&self) -> BTreeMap<String, u64> {
        let mut lines = BTreeMap::new();
        for item in self.doc.map_range(ROOT, ..) {
            let ValueRef::Scalar(ScalarValueRef::Uint(units)) = item.value else {
                panic!("units are no {:?}", item.value)
            };
            count(&mut lines, line_of(&item.key), units);
        }
        lines
    }

    fn guest(&mut self) -> AutoCommit {
        self.doc.clone()
    }

    fn merge(&mut self, _now_ms: u64, guest: &mut Option<AutoCommit>) {
        self.doc.merge(guest.as_mut().expect("a guest")).expect("a merge");
        self.keys.spoil();
    }
}
