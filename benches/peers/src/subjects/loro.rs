//! loro: a flat map under the root, one change for each edit, snapshots with the whole history. A
//! shallow snapshot is smaller, but devices that were offline longer could not exchange with it.

use std::collections::BTreeMap;

use loro::{ExportMode, LoroDoc, LoroMap, LoroValue, ValueOrContainer, VersionVector};

use super::keys::{Keys, count, line_of};
use crate::script::Verb;
use crate::subject::{CartNumber, Clock, Subject, Writer, random_bits};

/// Below this, all updates are smaller and faster than a snapshot.
const SNAPSHOT_FROM_OPS: usize = 200;

/// loro.
#[derive(Debug)]
pub struct Loro {
    doc: LoroDoc,
    map: LoroMap,
    keys: Keys,
    base: VersionVector,
}

impl Loro {
    fn of(doc: LoroDoc, writer: Writer, stale: bool) -> Self {
        doc.set_peer_id(random_bits(writer) as u64 >> 1).expect("a peer id");
        let map = doc.get_map("c");
        Self { doc, map, keys: Keys::new(writer, stale), base: VersionVector::new() }
    }

    fn since(&self, base: &VersionVector) -> Vec<u8> {
        self.doc.export(ExportMode::updates(base)).expect("an update")
    }
}

impl Subject for Loro {
    const NAME: &'static str = "loro";
    type Line = String;
    type Guest = LoroDoc;

    fn line(sku: &str) -> String {
        sku.to_owned()
    }

    fn new(_cart: CartNumber, writer: Writer) -> Self {
        Self::of(LoroDoc::new(), writer, false)
    }

    fn edit(&mut self, _now_ms: u64, verb: Verb, line: &String) {
        if !matches!(verb, Verb::Add(_)) {
            let map = &self.map;
            self.keys.refresh(|see| map.for_each(|key, _| see(key)));
            for key in self.keys.take(line) {
                self.map.delete(&key).expect("a delete");
            }
        }
        if let Verb::Add(units) | Verb::Set(units) = verb {
            let key = self.keys.make(line);
            self.map.insert(&key, i64::from(units)).expect("an insert");
        }
        self.doc.commit();
    }

    fn edit_and_encode(
        &mut self,
        now_ms: u64,
        verb: Verb,
        line: &String,
        clock: &mut Clock,
    ) -> Vec<u8> {
        let before = self.doc.oplog_vv();
        self.edit(now_ms, verb, line);
        clock.run(|| self.since(&before))
    }

    fn apply(&mut self, message: &[u8]) {
        let status = self.doc.import(message).expect("an update");
        assert!(status.pending.is_none_or(|pending| pending.is_empty()));
        self.keys.spoil();
    }

    fn apply_all(&mut self, messages: &[&[u8]]) {
        let messages: Vec<Vec<u8>> = messages.iter().map(|message| message.to_vec()).collect();
        let status = self.doc.import_batch(&messages).expect("updates");
        assert!(status.pending.is_none_or(|pending| pending.is_empty()));
        self.keys.spoil();
    }

    fn mark(&mut self) {
        self.base = self.doc.oplog_vv();
    }

    fn since_mark(&mut self) -> Vec<u8> {
        self.since(&self.base)
    }

    fn save(&mut self) -> Vec<u8> {
        let short = self.doc.len_ops() < SNAPSHOT_FROM_OPS;
        let mode = if short { ExportMode::all_updates() } else { ExportMode::Snapshot };
        self.doc.export(mode).expect("a state")
    }

    fn load(bytes: &[u8], _cart: CartNumber, writer: Writer) -> Self {
        let doc = LoroDoc::new();
        doc.import(bytes).expect("a state");
        Self::of(doc, writer, true)
    }

    // Applying is faster to a document that did not come from a snapshot.
    fn copy(&mut self, cart: CartNumber, writer: Writer) -> Self {
        let updates = self.doc.export(ExportMode::all_updates()).expect("an update");
        let copy = Self::load(&updates, cart, writer);
        std::hint::black_box(copy.lines());
        copy
    }

    fn lines(&self) -> BTreeMap<String, u64> {
        let mut lines = BTreeMap::new();
        self.map.for_each(|key, value| {
            if let ValueOrContainer::Value(LoroValue::I64(units)) = value {
                count(&mut lines, line_of(key), units.try_into().expect("units"));
            }
        });
        lines
    }

    // A handle: the guest's document itself is only read.
    fn guest(&mut self) -> LoroDoc {
        self.doc.clone()
    }

    fn merge(&mut self, _now_ms: u64, guest: &mut Option<LoroDoc>) {
        let guest = guest.as_ref().expect("a guest");
        let update = guest.export(ExportMode::all_updates()).expect("an update");
        self.apply(&update);
    }
}
