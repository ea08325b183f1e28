//! The line that a verb or an expectation is about, with the keys that go with it.

use super::Parsed;
use crate::scenario::raw::{RawBundle, RawLine, WordOr};
use crate::scenario::story::{Act, RowName, SideName};
use holdall::id::{Bundle, LineError, LineKey, OptionKey, OptionValue, Sku, Tag};
use holdall::limits;
use holdall::money::Money;

impl RowName {
    /// The line it names.
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

/// The line of a verb, and the rest of its table; keys that the verb does not have are refused.
pub(super) fn row(raw: RawLine, verb: &str, extras: &[&str]) -> Parsed<(RowName, RawLine)> {
    let present = [
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
    };
    Ok((name, raw))
}

pub(super) fn counted(
    raw: RawLine,
    verb: &str,
    default: Option<i64>,
) -> Parsed<(RowName, i64, Option<Money>)> {
    let (name, raw) = row(raw, verb, &["quantity", "price", "currency"])?;
    let quantity = raw.quantity.or(default).ok_or(format!("{verb}: quantity is missing"))?;
    let price = match (&raw.price, &raw.currency) {
        (None, None) => None,
        (Some(price), currency) => {
            let (amount, code) = match currency {
                Some(code) => (price.as_str(), code.as_str()),
                None => price.split_once(' ').ok_or(format!("{verb}: currency is missing"))?,
            };
            Some(Money::parse(amount, code).map_err(|e| format!("{verb}: price: {e}"))?)
        }
        (None, Some(_)) => return Err(format!("{verb}: currency goes with price")),
    };
    Ok((name, quantity, price))
}

pub(super) fn note(mut raw: RawLine) -> Parsed<Act> {
    let text = raw.text.take().ok_or("note: text is missing")?;
    if raw.sku.is_none() {
        return Ok(Act::CartNote(text));
    }
    row(raw, "note", &[]).map(|(row, _)| Act::Note { row, text })
}

pub(super) fn gift(raw: RawLine) -> Parsed<Act> {
    let (row, raw) = row(raw, "gift", &["wrap", "message"])?;
    Ok(Act::Gift { row, wrap: raw.wrap.unwrap_or_default(), message: raw.message })
}

pub(super) fn attribute(raw: RawLine) -> Parsed<Act> {
    let (row, raw) = row(raw, "attribute", &["key", "value"])?;
    let key = raw.key.ok_or("attribute: key is missing")?;
    let value = raw.value.ok_or("attribute: value is missing")?;
    Ok(Act::Attribute { row, key, value })
}
