//! From TOML to a story: every key known, exactly one verb a step, every value in its range.

use std::collections::BTreeMap;

use toml::Spanned;

use super::raw::{
    RawBundle, RawExpect, RawLine, RawMerge, RawPolicyTable, RawStep, RawStory, WordOr,
};
use super::story::{Act, Expect, ExpectRow, RowName, SideName, Step, Story, StoryError, Verb};
use crate::cart::{Loser, MergePolicy, Override, RuleRef, SkuPattern};
use crate::id::{
    Bundle, CouponCode, LineError, LineKey, OptionKey, OptionValue, RuleName, Sku, Tag,
};
use crate::limits;
use crate::money::Money;
use crate::policy::Registry;
use crate::quantity::Quantity;

type Parsed<T> = Result<T, String>;

impl Story {
    /// Parses a story file's text.
    ///
    /// # Errors
    /// Not TOML, a key that the format does not have, a step without exactly one verb, a value
    /// out of its range; with the line.
    pub fn parse(text: &str) -> Result<Self, StoryError> {
        Self::parse_with(text, &Registry::default())
    }

    /// Parses a story file's text whose merges may name users' own rules: `policy = "own"`, or
    /// `policy = { rule = "own", version = 2 }`.
    ///
    /// # Errors
    /// As with [`parse`](Self::parse); a rule that is not in `rules`.
    pub fn parse_with(text: &str, rules: &Registry) -> Result<Self, StoryError> {
        let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let raw: RawStory = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(span.start));
            let what = error.message().trim().replace('\n', "; ");
            StoryError { line, what: format!("{what}, in `{}`", excerpt(text, line)) }
        })?;
        if raw.name.trim().is_empty() || raw.name.contains('\n') {
            return Err(StoryError {
                line: 1,
                what: "name: give the story a name of one line".into(),
            });
        }
        let ceiling = raw.ceiling.map(|ceiling| {
            let line = line_of(ceiling.span().start);
            u64::try_from(ceiling.into_inner())
                .ok()
                .filter(|units| *units > 0)
                .ok_or(StoryError { line, what: "ceiling: a number of units, at least 1".into() })
        });
        let at = |span: usize| move |what: String| StoryError { line: line_of(span), what };
        let steps = raw.steps.into_iter().map(|step: Spanned<RawStep>| {
            let span = step.span().start;
            parse_step(step.into_inner(), line_of(span), rules).map_err(at(span))
        });
        let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
        let expect = raw.expect.into_iter().map(|expect| {
            let span = expect.span().start;
            parse_expect(expect.into_inner(), line_of(span)).map_err(at(span))
        });
        let expect: Vec<Expect> = expect.collect::<Result<_, _>>()?;
        let story =
            Self { name: raw.name, why: raw.why, ceiling: ceiling.transpose()?, steps, expect };
        story.check_expectations()?;
        Ok(story)
    }

    /// A story that expects nothing of a cart it tells of proves nothing.
    fn check_expectations(&self) -> Result<(), StoryError> {
        let mut carts: Vec<&str> = Vec::new();
        for step in &self.steps {
            match &step.verb {
                Verb::Act { cart, .. } => carts.push(cart),
                Verb::Expect(expect) => known_cart(&carts, expect)?,
                _ => {}
            }
        }
        for expect in &self.expect {
            known_cart(&carts, expect)?;
        }
        let inline = self
            .steps
            .iter()
            .any(|step| step.fails.is_some() || matches!(step.verb, Verb::Expect(_)));
        if self.expect.is_empty() && !inline {
            let what = "expect: a story must expect something; add [[expect]]".into();
            return Err(StoryError { line: 1, what });
        }
        Ok(())
    }
}

/// The beginning of a line of the file, so that an error shows the key it is about.
fn excerpt(text: &str, line: usize) -> String {
    let line = text.lines().nth(line - 1).unwrap_or_default().trim();
    let mut shown: String = line.chars().take(EXCERPT_CHARS).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

/// How much of a line an error shows, in characters.
const EXCERPT_CHARS: usize = 60;

fn known_cart(carts: &[&str], expect: &Expect) -> Result<(), StoryError> {
    if carts.contains(&expect.cart.as_str()) {
        return Ok(());
    }
    let what = format!("expect: no step names the cart {:?}", expect.cart);
    Err(StoryError { line: expect.line, what })
}

fn parse_step(raw: RawStep, line: usize, rules: &Registry) -> Parsed<Step> {
    let mut verbs: Vec<(&'static str, Parsed<Verb>)> = Vec::new();
    let (at, cart) = (raw.at.clone(), raw.cart.clone());
    let act = |name: &'static str, act: Parsed<Act>| {
        let verb = act.and_then(|act| match (&at, &cart) {
            (Some(at), Some(cart)) => Ok(Verb::Act { at: at.clone(), cart: cart.clone(), act }),
            _ => Err(format!("{name}: say where: at = \"REPLICA\", cart = \"CART\"")),
        });
        (name, verb)
    };
    let is = |name: &'static str, value: bool, then: Act| {
        act(name, if value { Ok(then) } else { Err(format!("{name}: only true has a meaning")) })
    };
    verbs.extend(raw.add.map(|l| {
        act(
            "add",
            counted(l, "add", Some(1)).map(|(row, quantity, price)| Act::Add {
                row,
                quantity,
                price,
            }),
        )
    }));
    verbs.extend(raw.set.map(|l| {
        act(
            "set",
            counted(l, "set", None).map(|(row, quantity, price)| Act::Set { row, quantity, price }),
        )
    }));
    verbs.extend(
        raw.remove.map(|l| act("remove", row(l, "remove", &[]).map(|(row, _)| Act::Remove(row)))),
    );
    verbs.extend(raw.clear.map(|v| is("clear", v, Act::Clear)));
    verbs.extend(raw.save_for_later.map(|l| {
        act("save_for_later", row(l, "save_for_later", &[]).map(|(row, _)| Act::SaveForLater(row)))
    }));
    verbs.extend(raw.move_to_cart.map(|l| {
        act("move_to_cart", row(l, "move_to_cart", &[]).map(|(row, _)| Act::MoveToCart(row)))
    }));
    verbs.extend(raw.note.map(|l| act("note", note(l))));
    verbs.extend(raw.gift.map(|l| act("gift", gift(l))));
    verbs.extend(raw.attribute.map(|l| act("attribute", attribute(l))));
    verbs.extend(raw.coupon.map(|code| act("coupon", Ok(Act::Coupon(code)))));
    verbs.extend(raw.drop_coupon.map(|code| act("drop_coupon", Ok(Act::DropCoupon(code)))));
    verbs.extend(raw.shipping.map(|option| act("shipping", Ok(Act::Shipping(option)))));
    verbs.extend(raw.merge.map(|RawMerge { guest, policy }| {
        act("merge", parse_policy(policy, rules).map(|policy| Act::Merge { guest, policy }))
    }));
    verbs.extend(
        raw.unmerge.map(|unmerge| act("unmerge", Ok(Act::Unmerge { guest: unmerge.guest }))),
    );
    verbs.extend(raw.order.map(|order| act("order", Ok(Act::Order { id: order.id }))));
    verbs.extend(raw.expire.map(|v| is("expire", v, Act::Expire)));
    verbs.extend(raw.erase.map(|v| is("erase", v, Act::Erase)));
    verbs.extend(raw.sync.map(|sync| {
        (
            "sync",
            match sync {
                WordOr::Word(word) if word == "all" => Ok(Verb::Sync(None)),
                WordOr::Word(word) => {
                    Err(format!("sync: {word:?} is not \"all\" or a list of replicas"))
                }
                WordOr::Other(who) if who.len() < 2 => {
                    Err("sync: name at least two replicas".into())
                }
                WordOr::Other(who) => Ok(Verb::Sync(Some(who))),
            },
        )
    }));
    verbs.extend(
        raw.send.map(|r| ("send", Ok(Verb::Send { from: r.from, to: r.to, again: false }))),
    );
    verbs.extend(
        raw.resend.map(|r| ("resend", Ok(Verb::Send { from: r.from, to: r.to, again: true }))),
    );
    verbs.extend(raw.restart.map(|who| ("restart", Ok(Verb::Restart(who)))));
    verbs.extend(raw.lose.map(|who| ("lose", Ok(Verb::Lose(who)))));
    verbs.extend(raw.authority.map(|word| {
        (
            "authority",
            match word.as_str() {
                "up" => Ok(Verb::Authority(true)),
                "down" => Ok(Verb::Authority(false)),
                _ => Err(format!("authority: {word:?} is not \"up\" or \"down\"")),
            },
        )
    }));
    verbs.extend(raw.clock.map(|clock| {
        (
            "clock",
            duration(&clock.skew)
                .map(|skew_ms| Verb::Clock { at: clock.at, skew_ms })
                .map_err(|e| format!("clock: skew: {e}")),
        )
    }));
    verbs.extend(raw.advance.map(|time| {
        (
            "advance",
            duration(&time)
                .and_then(|ms| u64::try_from(ms).map_err(|_| "time only goes forward".into()))
                .map(|ms| Verb::Advance { ms })
                .map_err(|e| format!("advance: {e}")),
        )
    }));
    verbs.extend(raw.expect.map(|expect| ("expect", parse_expect(expect, line).map(Verb::Expect))));
    if verbs.len() != 1 {
        let names: Vec<&str> = verbs.iter().map(|(name, _)| *name).collect();
        let found = if names.is_empty() { "none".into() } else { names.join(" and ") };
        return Err(format!("steps: a step has exactly one verb, here are {found}"));
    }
    let (name, verb) = verbs.remove(0);
    let verb = verb?;
    if let Some(kind) = &raw.fails {
        if !matches!(verb, Verb::Act { .. }) {
            return Err(format!("fails: {name} does not fail"));
        }
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Err(format!("fails: {kind:?} is not the kebab-case name of an error kind"));
        }
    } else if let Verb::Act { act, .. } = &verb {
        act.check().map_err(|e| format!("{name}: {e}; or expect it with fails = \"...\""))?;
    }
    Ok(Step { line, fails: raw.fails, verb })
}

impl Act {
    /// Whether the names in it are valid, for a step that is not meant to fail.
    fn check(&self) -> Parsed<()> {
        match self {
            Self::Add { row, .. }
            | Self::Set { row, .. }
            | Self::Remove(row)
            | Self::SaveForLater(row)
            | Self::MoveToCart(row)
            | Self::Note { row, .. }
            | Self::Gift { row, .. }
            | Self::Attribute { row, .. } => row.key().map(drop).map_err(|e| e.to_string()),
            _ => Ok(()),
        }
    }
}

impl RowName {
    /// The line it names.
    pub(super) fn key(&self) -> Result<LineKey, LineError> {
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
fn row(raw: RawLine, verb: &str, extras: &[&str]) -> Parsed<(RowName, RawLine)> {
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

fn counted(
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

fn note(mut raw: RawLine) -> Parsed<Act> {
    let text = raw.text.take().ok_or("note: text is missing")?;
    if raw.sku.is_none() {
        return Ok(Act::CartNote(text));
    }
    row(raw, "note", &[]).map(|(row, _)| Act::Note { row, text })
}

fn gift(raw: RawLine) -> Parsed<Act> {
    let (row, raw) = row(raw, "gift", &["wrap", "message"])?;
    Ok(Act::Gift { row, wrap: raw.wrap.unwrap_or_default(), message: raw.message })
}

fn attribute(raw: RawLine) -> Parsed<Act> {
    let (row, raw) = row(raw, "attribute", &["key", "value"])?;
    let key = raw.key.ok_or("attribute: key is missing")?;
    let value = raw.value.ok_or("attribute: value is missing")?;
    Ok(Act::Attribute { row, key, value })
}

/// "90s", "10m", "-2h", "1d", "250ms", and sums such as "1h30m"; in milliseconds.
fn duration(text: &str) -> Parsed<i64> {
    let wrong = || format!("{text:?} is not a time such as \"10m\", \"-2h\" or \"1d\"");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return Err(wrong()),
        };
        rest = &rest[letters..];
        sum = number.checked_mul(unit).and_then(|ms| sum.checked_add(ms)).ok_or_else(wrong)?;
    }
    // A thousand years is more than any story needs, and keeps sums of times from overflowing.
    if text.trim_start_matches(['+', '-']).is_empty() || sum > 1_000 * 31_536_000_000 {
        return Err(wrong());
    }
    Ok(sign * sum)
}

fn parse_policy(raw: WordOr<RawPolicyTable>, rules: &Registry) -> Parsed<MergePolicy> {
    let table = match raw {
        WordOr::Word(rule) => RawPolicyTable {
            rule,
            version: None,
            loser: None,
            ceiling: None,
            overrides: Vec::new(),
        },
        WordOr::Other(table) => table,
    };
    let rule = |name: &str, version: Option<u32>| {
        let name = RuleName::new(name).map_err(|e| format!("merge: policy: rule: {e}"))?;
        let rule = RuleRef { name, version: version.unwrap_or(1) };
        match (rules.get(&rule), version) {
            (Some(_), _) => Ok(rule),
            (None, None) => Err(format!("merge: policy: rule: there is no rule {:?}", rule.name)),
            (None, Some(_)) => Err(format!("merge: policy: rule: there is no rule {rule}")),
        }
    };
    let loser = |word: &str| match word {
        "hide" => Ok(Loser::Hide),
        "save-for-later" => Ok(Loser::SaveForLater),
        _ => Err(format!("merge: policy: loser: {word:?} is not \"hide\" or \"save-for-later\"")),
    };
    let ceiling =
        |units: i64| Quantity::new(units).map_err(|e| format!("merge: policy: ceiling: {e}"));
    let mut policy = MergePolicy::of(rule(&table.rule, table.version)?);
    policy.ceiling = table.ceiling.map(ceiling).transpose()?;
    policy.loser = table.loser.as_deref().map(loser).transpose()?.unwrap_or_default();
    for other in table.overrides {
        let lines =
            SkuPattern::new(&other.sku).map_err(|e| format!("merge: overrides: sku: {e}"))?;
        let other = Override {
            lines,
            rule: other.rule.map(|name| rule(&name, other.version)).transpose()?,
            ceiling: other.ceiling.map(ceiling).transpose()?,
            loser: other.loser.as_deref().map(loser).transpose()?,
        };
        policy = policy.with(other).map_err(|e| format!("merge: overrides: {e}"))?;
    }
    Ok(policy)
}

fn parse_expect(raw: RawExpect, line: usize) -> Parsed<Expect> {
    let cart = raw.cart.ok_or("expect: cart is missing")?;
    let rows = |rows: Vec<RawLine>| rows.into_iter().map(expect_row).collect::<Parsed<Vec<_>>>();
    let lists = match (raw.empty, raw.lines, raw.saved) {
        (Some(false), ..) => return Err("expect: empty: only true has a meaning".into()),
        (Some(true), Some(lines), _) if !lines.is_empty() => {
            return Err("expect: empty goes without lines".into());
        }
        (None, None, None) => None,
        // What is listed is exactly what is shown: a list left out is an empty one.
        (_, lines, saved) => {
            Some([rows(lines.unwrap_or_default())?, rows(saved.unwrap_or_default())?])
        }
    };
    let coupons = raw.coupons.map(|codes| {
        let codes =
            codes.iter().map(|code| CouponCode::new(code).map_err(|e| format!("coupons: {e}")));
        codes.collect::<Parsed<Vec<_>>>()
    });
    Ok(Expect {
        line,
        at: raw.at,
        cart,
        rows: lists,
        coupons: coupons.transpose()?,
        shipping: raw.shipping,
        note: raw.note,
        orders: raw.orders,
    })
}

fn expect_row(raw: RawLine) -> Parsed<ExpectRow> {
    let extras = ["quantity", "note", "gift", "attributes", "question", "because"];
    let (name, raw) = row(raw, "lines", &extras)?;
    let quantity = raw.quantity.ok_or("lines: quantity is missing")?;
    let attributes: Option<BTreeMap<String, String>> = raw.attributes;
    Ok(ExpectRow {
        key: name.key().map_err(|e| format!("lines: {e}"))?,
        quantity: u64::try_from(quantity).map_err(|_| "lines: quantity is negative")?,
        side: name.side,
        note: raw.note,
        gift: raw.gift.map(|gift| (gift.wrap, gift.message)),
        attributes,
        question: raw.question,
        because: raw.because,
    })
}
