//! Names inside values, as text and back: dots, ids, lines, prices.

use super::action::{LineText, ListName, Pairs};
use super::error::Refused;
use holdall::cart::List;
use holdall::dots::{Dot, Dots, Run};
use holdall::id::{Bundle, CartId, LineKey, OptionKey, OptionValue, ReplicaId, Sku, Tag};
use holdall::limits;
use holdall::money::{Currency, Money, MoneyError};

/// A set of dots as runs: `<replica>:<number>`, `<replica>:<first>-<last>`.
pub(super) fn runs(dots: &Dots) -> Vec<String> {
    let text = |(replica, run): (ReplicaId, Run)| match run {
        Run { first, last } if first == last => format!("{replica}:{first}"),
        Run { first, last } => format!("{replica}:{first}-{last}"),
    };
    dots.runs().map(text).collect()
}

/// A set of dots from runs in any order.
pub(super) fn read_runs(what: &'static str, texts: &[String]) -> Result<Dots, Refused> {
    let runs: Option<Vec<(ReplicaId, Run)>> = texts.iter().map(|text| read_run(text)).collect();
    let mut runs = runs.ok_or(Refused::Dots { what })?;
    runs.sort_unstable();
    let mut dots = Dots::default();
    runs.into_iter().for_each(|(replica, run)| dots.push_run(replica, run));
    Ok(dots)
}

fn read_run(text: &str) -> Option<(ReplicaId, Run)> {
    let (replica, numbers) = text.split_once(':')?;
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let run = Run { first: number(first)?, last: number(last)? };
    let counts = run.first > 0 && run.first <= run.last && run.last <= limits::SEQ_MAX;
    counts.then_some((replica.parse().ok()?, run))
}

/// Digits and nothing else: no sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// One dot.
pub(super) fn read_dot(what: &'static str, text: &str) -> Result<Dot, Refused> {
    match read_run(text) {
        Some((replica, Run { first, last })) if first == last => Ok(Dot::new(replica, first)),
        _ => Err(Refused::Dots { what }),
    }
}

/// The cart that is meant; left out, it is this one.
pub(super) fn read_scope(home: CartId, text: Option<&str>) -> Result<CartId, Refused> {
    text.map_or(Ok(home), |text| read_cart("scope", text))
}

pub(super) fn scope(home: CartId, scope: CartId) -> Option<String> {
    (scope != home).then(|| scope.to_string())
}

pub(super) fn read_cart(what: &'static str, text: &str) -> Result<CartId, Refused> {
    text.parse().map_err(|source| Refused::Id { what, source })
}

pub(super) fn line(key: &LineKey) -> LineText {
    let options = key.options().map(|(key, value)| (key.into(), value.into()));
    LineText {
        sku: key.product().into(),
        options: Pairs(options.collect()),
        bundle: key.bundle().map(Into::into),
        tag: key.tag().map(Into::into),
    }
}

pub(super) fn read_line(text: &LineText) -> Result<LineKey, Refused> {
    let options: Result<Vec<_>, Refused> = text.options.0.iter().map(option).collect();
    let bundle = text.bundle.as_deref().map(Bundle::new).transpose()?;
    let tag = text.tag.as_deref().map(Tag::new).transpose()?;
    Ok(LineKey::new(Sku::new(&text.sku)?, options?, bundle, tag)?)
}

fn option((key, value): &(String, String)) -> Result<(OptionKey, OptionValue), Refused> {
    Ok((OptionKey::new(key)?, OptionValue::new(value)?))
}

/// A price such as `2.60 EUR`, with the digits it was shown with. Every price there is can be
/// read, so also one of more digits than a shop would show.
pub(super) fn read_price(text: &str) -> Result<Money, Refused> {
    let (amount, currency) = text.split_once(' ').ok_or(MoneyError::Amount)?;
    let (whole, part) = match amount.split_once('.') {
        Some((_, "")) => return Err(MoneyError::Amount.into()),
        Some(parts) => parts,
        None => (amount, ""),
    };
    let digits = number(&[whole, part].concat()).filter(|_| !whole.is_empty());
    let scale = u8::try_from(part.len()).map_err(|_| MoneyError::Amount)?;
    let digits = digits.ok_or(MoneyError::Amount)?;
    Ok(Money::from_parts(digits, scale, Currency::new(currency)?)?)
}

impl From<List> for ListName {
    fn from(list: List) -> Self {
        match list {
            List::Active => Self::Active,
            List::Saved => Self::Saved,
        }
    }
}

impl From<ListName> for List {
    fn from(name: ListName) -> Self {
        match name {
            ListName::Active => Self::Active,
            ListName::Saved => Self::Saved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_they_are_written() {
        let currency = Currency::new("EUR").expect("a currency");
        for (digits, scale) in [(0, 0), (5, 2), (260, 2), (1, 4), (10_u64.pow(19) - 1, 0)] {
            let price = Money::from_parts(digits, scale, currency).expect("a price");
            assert_eq!(read_price(&price.to_string()).expect("a price"), price);
        }
        for bad in ["", "1", "1 eur", "1. EUR", ".5 EUR", "-1 EUR", "+1 EUR", "1e3 EUR", "1.5  EUR"]
        {
            assert!(read_price(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dots_are_read_in_any_order() {
        let id = ReplicaId::from_u128(5);
        let texts = [format!("{id}:7-9"), format!("{id}:2"), format!("{id}:3-4")];
        let dots = read_runs("dead", &texts).expect("dots");
        assert_eq!(runs(&dots), [format!("{id}:2-4"), format!("{id}:7-9")]);
        for bad in ["x:1", ":1", "1", "5:0", "5:4-3", "5:1-", "5:+1", "5:1-2-3", "5:"] {
            let text = bad.replace('5', &id.to_string());
            assert!(read_runs("dead", &[text]).is_err(), "{bad}");
        }
    }
}
