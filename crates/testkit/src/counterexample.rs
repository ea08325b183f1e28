//! The breach of a law, in words and as a story.

use std::fmt;

use super::catch_panic::catch_panic;
use super::law::Law;
use crate::scenario::{Options, Story, tell_with};
use holdall::policy::Registry;

/// Schedules in which a counterexample's story is told before it is printed.
const SCHEDULES: u32 = 20;

/// A law that does not hold, with what was seen and, if it is a rule's, a story.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// The law.
    pub law: Law,
    /// What was seen.
    pub what: String,
    /// The text of a scenario file that a rule which keeps the law passes.
    pub story: Option<String>,
    /// Whether that story, told by itself, fails with the rule. It does unless the rule answers by
    /// something that is in no story: a counter, a clock on the wall.
    pub story_fails: bool,
}

/// Verdict on a law: `Ok` if it holds, else a counterexample.
pub type Verdict = Result<(), Counterexample>;

impl Counterexample {
    /// Makes a counterexample without a story.
    pub(super) fn bare(law: Law, what: String) -> Self {
        Self { law, what, story: None, story_fails: false }
    }

    /// Makes a counterexample with a story. The story is written, read again and run with the
    /// rules.
    pub(super) fn told(law: Law, what: String, rules: &Registry, story: &Story) -> Self {
        // Moments in which nothing happens are left out if they have no part in it.
        let tidy = story.without_idle_steps().to_string();
        if story_fails(&tidy, rules) {
            return Self { law, what, story: Some(tidy), story_fails: true };
        }
        let text = story.to_string();
        let story_fails = story_fails(&text, rules);
        Self { law, what, story: Some(text), story_fails }
    }
}

/// Returns true if the text is a story that fails with the rule.
fn story_fails(text: &str, rules: &Registry) -> bool {
    let Ok(story) = Story::parse_with(text, rules) else { return false };
    let options = Options { schedules: SCHEDULES, ..Options::default() };
    let told = catch_panic(|| tell_with(&story, &options, rules));
    // A rule that panics fails the story, too.
    !matches!(told, Ok(Ok(())))
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the law {:?} is broken.", self.law.name())?;
        writeln!(f, "The law: {}", self.law.sentence())?;
        writeln!(f, "Why it matters: {}", self.law.why())?;
        write!(f, "Seen: {}", self.what)?;
        let Some(story) = &self.story else { return Ok(()) };
        let comment = if self.story_fails {
            "The smallest story found. Kept as a file it fails until the rule is mended"
        } else {
            "The smallest story found. Told alone it passes: the rule answers by something that \
             is in no story"
        };
        write!(f, "\n{comment}:\n\n{story}")
    }
}

impl std::error::Error for Counterexample {}
