//! A whole story file.

use std::collections::BTreeMap;

use toml::Spanned;

use super::row::row;
use super::step::parse_step;
use crate::scenario::raw::{RawExpect, RawLine, RawStep, RawStory};
use crate::scenario::story::{ExpectRow, ExpectView, StepKind, Story, StoryError, StoryStep};
use holdall::id::CouponCode;
use holdall::policy::Registry;

/// Result of parsing; the error says what is wrong.
pub(super) type Parsed<T> = Result<T, String>;

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
        let steps: Vec<StoryStep> = steps.collect::<Result<_, _>>()?;
        let expect = raw.expect.into_iter().map(|expect| {
            let span = expect.span().start;
            parse_expect(expect.into_inner(), line_of(span)).map_err(at(span))
        });
        let expect: Vec<ExpectView> = expect.collect::<Result<_, _>>()?;
        let story =
            Self { name: raw.name, why: raw.why, ceiling: ceiling.transpose()?, steps, expect };
        story.check_expectations()?;
        Ok(story)
    }

    /// Checks that a story expects something: one without expectations proves nothing.
    fn check_expectations(&self) -> Result<(), StoryError> {
        let mut carts: Vec<&str> = Vec::new();
        for step in &self.steps {
            match &step.verb {
                StepKind::Act { cart, .. } => carts.push(cart),
                StepKind::Expect(expect) => known_cart(&carts, expect)?,
                _ => {}
            }
        }
        for expect in &self.expect {
            known_cart(&carts, expect)?;
        }
        let inline = self
            .steps
            .iter()
            .any(|step| step.fails.is_some() || matches!(step.verb, StepKind::Expect(_)));
        if self.expect.is_empty() && !inline {
            let what = "expect: a story must expect something; add [[expect]]".into();
            return Err(StoryError { line: 1, what });
        }
        Ok(())
    }
}

/// Returns the beginning of a line of the file, so that an error shows its key.
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

fn known_cart(carts: &[&str], expect: &ExpectView) -> Result<(), StoryError> {
    if carts.contains(&expect.cart.as_str()) {
        return Ok(());
    }
    let what = format!("expect: no step names the cart {:?}", expect.cart);
    Err(StoryError { line: expect.line, what })
}

pub(super) fn parse_expect(raw: RawExpect, line: usize) -> Parsed<ExpectView> {
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
    Ok(ExpectView {
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
