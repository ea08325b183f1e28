//! The breach of a law, in words and as a story.

use std::fmt;

use super::catch_panic::catch_panic;
use super::law::Law;
use super::rule_under_test::RuleUnderTest;
use crate::scenario::{Options, Story, tell_with};

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

impl Counterexample {
    /// Makes a counterexample without a story.
    pub(super) fn bare(law: Law, what: String) -> Self {
        Self { law, what, story: None, story_fails: false }
    }

    /// Makes a counterexample with a story. The story is written, read again and run.
    pub(super) fn told(law: Law, what: String, subject: &RuleUnderTest, story: &Story) -> Self {
        // Moments in which nothing happens are left out if they have no part in it.
        let tidy = story.without_idle_steps().to_string();
        if story_fails(&tidy, subject) {
            return Self { law, what, story: Some(tidy), story_fails: true };
        }
        let text = story.to_string();
        let story_fails = story_fails(&text, subject);
        Self { law, what, story: Some(text), story_fails }
    }
}

/// Returns true if the text is a story that fails with the rule.
fn story_fails(text: &str, subject: &RuleUnderTest) -> bool {
    let Ok(story) = Story::parse_with(text, &subject.bare) else { return false };
    let options = Options { schedules: SCHEDULES, ..Options::default() };
    let told = catch_panic(|| tell_with(&story, &options, &subject.bare));
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
