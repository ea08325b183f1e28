//! Every key of a cart in a document, read value by value.

use std::collections::{BTreeMap, BTreeSet};

use automerge::iter::MapRangeItem;
use automerge::{AutoCommit, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use super::decode::{self, Said};
use super::error::{Refused, Skipped};
use super::key::{Key, Owner};
use holdall::dots::{Dot, Dots};
use holdall::id::CartId;
use holdall::limits;

/// What a document says, key by key.
#[derive(Default)]
pub(super) struct Scan {
    /// What each action says: one thing, or several if its writer equivocated.
    pub(super) actions: BTreeMap<Dot, Vec<Said>>,
    /// What is dead besides, and what of it has to be known first.
    pub(super) dead: Vec<(Key, Dots, Dots)>,
    pub(super) erased: bool,
    /// Actions that are there and cannot be read. Whatever makes them dead need not wait.
    pub(super) unreadable: Dots,
    pub(super) skipped: Vec<Skipped>,
    pub(super) foreign_keys: usize,
    pub(super) other_carts: BTreeSet<CartId>,
}

impl Scan {
    pub(super) fn of(doc: &AutoCommit, cart: CartId) -> Self {
        let mut scan = Self::default();
        for item in doc.map_range(ROOT, ..) {
            match Key::parse(&item.key) {
                Owner::Foreign => scan.foreign_keys += 1,
                Owner::Malformed => scan.skip(item.key.as_ref(), None, Refused::Key),
                Owner::Cart(other, _) if other != cart => {
                    scan.other_carts.insert(other);
                }
                Owner::Cart(_, None) => scan.skip(item.key.as_ref(), None, Refused::Key),
                Owner::Cart(_, Some(key)) => scan.read(doc, cart, key, &item),
            }
        }
        scan
    }

    fn read(&mut self, doc: &AutoCommit, cart: CartId, key: Key, item: &MapRangeItem<'_>) {
        match key {
            Key::Action(dot) => {
                let (said, refused) = said(doc, cart, dot, item);
                let unreadable = said.is_empty();
                refused.into_iter().for_each(|why| self.skip(&item.key, Some(dot), why));
                if unreadable {
                    self.unreadable.insert(dot);
                } else {
                    self.actions.insert(dot, said);
                }
            }
            Key::Dead(_) => {
                for text in texts(doc, item) {
                    match text.and_then(|text| decode::dead(&text)) {
                        Ok((dead, needs)) => self.dead.push((key.clone(), dead, needs)),
                        Err(why) => self.skip(&item.key, None, why),
                    }
                }
            }
            Key::Erased => {
                for (value, _) in values(doc, item) {
                    if value.as_bool() == Some(true) {
                        self.erased = true;
                    } else {
                        self.skip(&item.key, None, Refused::NotTrue { found: describe(&value) });
                    }
                }
            }
        }
    }

    fn skip(&mut self, key: &str, dot: Option<Dot>, why: Refused) {
        self.skipped.push(Skipped { key: key.to_owned(), dot, why });
    }
}

/// The carts that a document has something of.
pub(super) fn carts(doc: &AutoCommit) -> BTreeSet<CartId> {
    let owner = |key: String| match Key::parse(&key) {
        Owner::Cart(cart, Some(_)) => Some(cart),
        _ => None,
    };
    doc.keys(ROOT).filter_map(owner).collect()
}

/// What the key of an action says now, if it is there.
pub(super) fn said_now(doc: &AutoCommit, cart: CartId, dot: Dot) -> Option<Vec<Said>> {
    let text = Key::Action(dot).text(cart);
    let values = doc.get_all(ROOT, text.as_str()).ok()?;
    if values.is_empty() {
        return None;
    }
    let texts = values.iter().map(|(value, id)| text_of(doc, value, id));
    Some(parsed(texts.collect(), cart, dot).0)
}

fn said(
    doc: &AutoCommit,
    cart: CartId,
    dot: Dot,
    item: &MapRangeItem<'_>,
) -> (Vec<Said>, Vec<Refused>) {
    parsed(texts(doc, item), cart, dot)
}

fn parsed(
    texts: Vec<Result<String, Refused>>,
    cart: CartId,
    dot: Dot,
) -> (Vec<Said>, Vec<Refused>) {
    let (mut said, mut refused) = (Vec::new(), Vec::new());
    for text in texts {
        match text.and_then(|text| decode::action(cart, dot, &text)) {
            Ok(new) if said.contains(&new) => {}
            Ok(new) => said.push(new),
            Err(why) => refused.push(why),
        }
    }
    (said, refused)
}

/// The texts under a key: one, or several where replicas wrote it without knowing of each other.
fn texts(doc: &AutoCommit, item: &MapRangeItem<'_>) -> Vec<Result<String, Refused>> {
    values(doc, item).iter().map(|(value, id)| text_of(doc, value, id)).collect()
}

fn values<'a>(doc: &'a AutoCommit, item: &MapRangeItem<'_>) -> Vec<(Value<'a>, ObjId)> {
    if !item.conflict {
        return vec![(item.value.clone().into_value(), item.id())];
    }
    doc.get_all(ROOT, item.key.as_ref()).unwrap_or_default()
}

/// A text, whether it was written as a value or as a text that can be edited, which is what
/// JavaScript makes of a plain string.
fn text_of(doc: &AutoCommit, value: &Value<'_>, id: &ObjId) -> Result<String, Refused> {
    let limit = limits::MESSAGE_BYTES;
    let short = |text: String| match text.len() {
        bytes if bytes > limit => Err(Refused::TooLong { bytes }),
        _ => Ok(text),
    };
    match value {
        Value::Scalar(scalar) if scalar.is_str() => {
            short(scalar.as_str().unwrap_or_default().to_owned())
        }
        Value::Object(ObjType::Text) => {
            let bytes = doc.length(id);
            if bytes > limit {
                return Err(Refused::TooLong { bytes });
            }
            short(doc.text(id).map_err(|_| Refused::NotText { found: "a broken text" })?)
        }
        other => Err(Refused::NotText { found: describe(other) }),
    }
}

fn describe(value: &Value<'_>) -> &'static str {
    let scalar = match value {
        Value::Object(ObjType::Map | ObjType::Table) => return "an object",
        Value::Object(ObjType::List) => return "a list",
        Value::Object(ObjType::Text) => return "a text",
        Value::Scalar(scalar) => scalar,
    };
    match scalar.as_ref() {
        ScalarValue::Str(_) => "a text",
        ScalarValue::Bytes(_) => "bytes",
        ScalarValue::Int(_) | ScalarValue::Uint(_) | ScalarValue::F64(_) => "a number",
        ScalarValue::Counter(_) => "a counter",
        ScalarValue::Timestamp(_) => "a date",
        ScalarValue::Boolean(_) => "a boolean",
        ScalarValue::Null => "null",
        ScalarValue::Unknown { .. } => "of a kind that a later Automerge has",
    }
}
