//! A whole story file.

use toml::Spanned;

use super::expect::parse_expect;
use super::step::parse_step;
use crate::scenario::raw::{RawStep, RawStory};
use crate::scenario::story::{ExpectView, StepKind, Story, StoryError, StoryStep};
use holdall::policy::Registry;

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
