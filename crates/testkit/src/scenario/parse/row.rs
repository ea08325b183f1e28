//! The line that a verb or an expectation is about, with the keys that go with it.

use super::parsed::Parsed;
use crate::scenario::raw::{RawBundle, RawLine, RawValue, WordOr};
use crate::scenario::row_name::{RowName, SideName};
use crate::scenario::shopping::{Details, StoryAction, StoryVerb, ValueForm};
use holdall::cart::List;
use holdall::id::{Bundle, LineError, LineKey, OptionKey, OptionValue, Sku, Tag};
use holdall::limits;
use holdall::money::Money;

impl RowName {
    /// Returns the line that it names.
    pub(in crate::scenario) fn key(&self) -> Result<LineKey, LineError> {
        let mut options = Vec::new();
        for (key, value) in self.options.iter().take(limits::OPTIONS + 1) {
            options.push((OptionKey::new(key)?, OptionValue::new(value)?));
        }
        let bundle = self.bundle.as_ref().map(Bundle::new).transpose()?;
        let tag = self.tag.as_ref().map(Tag::new).transpose()?;
        LineKey::new(Sku::new(&self.sku)?, options, bundle, tag)
    }
}

/// Parses the line of a verb, and returns the rest of the table. Keys that the verb does not have
/// are refused.
pub(super) fn row(raw: RawLine, verb: &str, extras: &[&str]) -> Parsed<(RowName, RawLine)> {
    let present = [
        ("list", raw.list.is_some()),
        ("quantity", raw.quantity.is_some()),
        ("price", raw.price.is_some()),
        ("currency", raw.currency.is_some()),
        ("text", raw.text.is_some()),
        ("wrap", raw.wrap.is_some()),
        ("message", raw.message.is_some()),
        ("key", raw.key.is_some()),
        ("value", raw.value.is_some()),
        ("note", raw.note.is_some()),
        ("gift", raw.gift.is_some()),
        ("attributes", raw.attributes.is_some()),
        ("question", raw.question.is_some()),
        ("because", raw.because.is_some()),
    ];
    if let Some((key, _)) = present.iter().find(|(key, there)| *there && !extras.contains(key)) {
        return Err(format!("{verb}: unknown key {key:?}"));
    }
    let side = match raw.side.as_deref() {
        None => None,
        Some("account") => Some(SideName::Account),
        Some("guest") => Some(SideName::Guest),
        Some(other) => {
            return Err(format!("{verb}: side: {other:?} is not \"account\" or \"guest\""));
        }
    };
    let bundle = raw.bundle.as_ref().map(|bundle| match bundle {
        WordOr::Word(name) => Ok(name.clone()),
        WordOr::Other(RawBundle { sku, options }) => {
            let pairs = options.iter().map(|(k, v)| (k.as_str(), v.as_str()));
            LineKey::parse(sku, pairs)
                .map(|key| key.to_string())
                .map_err(|e| format!("{verb}: bundle: {e}"))
        }
    });
    let name = RowName {
        sku: raw.sku.clone().ok_or(format!("{verb}: sku is missing"))?,
        options: raw.options.clone(),
        bundle: bundle.transpose()?,
        tag: raw.tag.clone(),
        side,
        list: raw.list.as_deref().map(|name| list(name, verb)).transpose()?,
    };
    Ok((name, raw))
}

/// Parses a price: with its currency, or with the currency beside it.
fn price(raw: &RawLine, verb: &str) -> Parsed<Option<Money>> {
    match (&raw.price, &raw.currency) {
        (None, None) => Ok(None),
        (Some(price), currency) => {
            let (amount, code) = match currency {
                Some(code) => (price.as_str(), code.as_str()),
                None => price.split_once(' ').ok_or(format!("{verb}: currency is missing"))?,
            };
            Money::parse(amount, code).map(Some).map_err(|e| format!("{verb}: price: {e}"))
        }
        (None, Some(_)) => Err(format!("{verb}: currency goes with price")),
    }
}

/// Parses the name of a list.
fn list(name: &str, verb: &str) -> Parsed<List> {
    match name {
        "active" => Ok(List::Active),
        "saved" => Ok(List::Saved),
        other => Err(format!("{verb}: list: {other:?} is not \"active\" or \"saved\"")),
    }
}

/// Parses one of the shopper's verbs with its value.
pub(super) fn shopping(verb: &'static StoryVerb, raw: RawValue) -> Parsed<StoryAction> {
    let key = verb.key;
    let (row, with) = match (verb.value, raw) {
        (ValueForm::Word, RawValue::Word(word)) => {
            (None, Details { word: Some(word), ..Details::default() })
        }
        (ValueForm::Flag, RawValue::Flag(flag)) => {
            (None, Details { flag: Some(flag), ..Details::default() })
        }
        (ValueForm::List, RawValue::Flag(true)) => (None, Details::default()),
        (ValueForm::List, RawValue::Flag(false)) => {
            return Err(format!("{key}: only true has a meaning"));
        }
        (ValueForm::List, RawValue::Word(name)) => {
            (None, Details { list: Some(list(&name, key)?), ..Details::default() })
        }
        (ValueForm::Row { needs, may }, RawValue::Line(raw)) => {
            let (row, raw) = row(*raw, key, &[needs, may].concat())?;
            (Some(row), details(raw, key, needs)?)
        }
        (ValueForm::RowOrCart { needs, may }, RawValue::Line(raw)) => {
            let of_cart = raw.sku.is_none();
            let (row, raw) = if of_cart {
                (None, *raw)
            } else {
                let (row, raw) = row(*raw, key, &[needs, may].concat())?;
                (Some(row), raw)
            };
            (row, details(raw, key, needs)?)
        }
        (form, _) => return Err(format!("{key}: its value is {}", form.name())),
    };
    Ok(StoryAction { verb, row, with })
}

/// Parses the details of a row.
fn details(raw: RawLine, verb: &str, needs: &[&str]) -> Parsed<Details> {
    let price = price(&raw, verb)?;
    let RawLine { quantity, text, wrap, message, key, value, .. } = raw;
    let there = [
        ("quantity", quantity.is_some()),
        ("text", text.is_some()),
        ("key", key.is_some()),
        ("value", value.is_some()),
    ];
    let is_there = |key: &&&str| there.contains(&(**key, true));
    if let Some(key) = needs.iter().find(|key| !is_there(key)) {
        return Err(format!("{verb}: {key} is missing"));
    }
    Ok(Details { quantity, price, text, wrap, message, key, value, ..Details::default() })
}
