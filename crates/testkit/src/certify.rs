//! Every law, for one rule, in one line of a test.

use std::cell::RefCell;
use std::fmt;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::counterexample::Counterexample;
use super::law::Law;
use super::merge_scenario::{MergeScenario, at_the_limits};
use super::rule_under_test::{Question, RuleUnderTest};
use super::shrink::Tree;
use super::strategies::merge_scenarios;
use holdall::cart::RuleRef;
use holdall::policy::Rule;

/// Laws that the author of a rule claims beyond those that every rule keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Claims {
    /// [`Law::Monotone`]: one more unit never shows fewer.
    pub monotone: bool,
    /// [`Law::OrderFree`]: guests may be merged in either order.
    pub order_free: bool,
    /// [`Law::TimeFree`]: no clock decides.
    pub time_free: bool,
}

impl Claims {
    /// Nothing more than any rule keeps.
    pub const NONE: Self = Self { monotone: false, order_free: false, time_free: false };
    /// All of it.
    pub const ALL: Self = Self { monotone: true, order_free: true, time_free: true };

    /// Returns true if a law is claimed.
    #[must_use]
    pub const fn has(self, law: Law) -> bool {
        match law {
            Law::Monotone => self.monotone,
            Law::OrderFree => self.order_free,
            Law::TimeFree => self.time_free,
            _ => false,
        }
    }
}

/// Settings of a certification. Equal settings put equal questions to a rule, on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Certification {
    /// What the author claims.
    pub claims: Claims,
    /// How many scenarios for each law.
    pub cases: u32,
    /// From which they follow.
    pub seed: u64,
}

impl Default for Certification {
    /// Returns settings without claims: 64 scenarios a law, seed 1.
    fn default() -> Self {
        Self { claims: Claims::NONE, cases: 64, seed: 1 }
    }
}

/// A rule that kept every law that was asked of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// The rule.
    pub rule: RuleRef,
    /// The laws.
    pub laws: Vec<Law>,
    /// How it was asked.
    pub by: Certification,
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Certification { cases, seed, .. } = self.by;
        write!(
            f,
            "{} keeps {} laws, {cases} scenarios each from seed {seed}",
            self.rule,
            self.laws.len()
        )
    }
}

/// A rule that broke a law.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LawViolation {
    /// The rule's name, if it has one.
    pub rule: Option<RuleRef>,
    /// The law, what was seen, and the smallest story.
    pub counterexample: Counterexample,
    /// How it was asked.
    pub by: Certification,
}

impl fmt::Display for LawViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(f, "of the merge rule {rule} ")?,
            None => write!(f, "of a merge rule ")?,
        }
        let Certification { cases, seed, .. } = self.by;
        writeln!(f, "(seed {seed}, {cases} scenarios a law)\n{}", self.counterexample)
    }
}

impl std::error::Error for LawViolation {}

/// Holds a merge rule to every law that all rules keep; to be used in a test of whoever wrote the
/// rule.
///
/// ```
/// use holdall::policy::{Choice, MergeInput};
/// use holdall::Rule;
/// struct Bulk;
/// impl Rule for Bulk {
///     fn name(&self) -> &str { "bulk" }
///     fn choose(&self, facts: &MergeInput<'_>) -> Choice {
///         if facts.guest.units >= 100 { Choice::Guest } else { Choice::Both }
///     }
/// }
/// holdall_testkit::certify(&Bulk);
/// ```
///
/// # Panics
/// With a report, if the rule breaks a law: see [`LawViolation`].
#[track_caller]
pub fn certify(rule: impl Rule + 'static) {
    Certification::default().certify(rule);
}

impl Certification {
    /// Sets the author's claims.
    #[must_use]
    pub const fn claims(mut self, claims: Claims) -> Self {
        self.claims = claims;
        self
    }

    /// Sets the number of scenarios for each law.
    #[must_use]
    pub const fn cases(mut self, cases: u32) -> Self {
        self.cases = cases;
        self
    }

    /// Sets the seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Holds a rule to the laws, as [`certify`] does.
    ///
    /// # Panics
    /// With a report, if the rule breaks a law.
    #[track_caller]
    pub fn certify(&self, rule: impl Rule + 'static) {
        if let Err(violation) = self.check(rule) {
            panic!("{violation}");
        }
    }

    /// Holds a rule to the laws.
    ///
    /// # Errors
    /// The first law, in the order of [`Law::OF_A_RULE`] and then the claims, that it breaks.
    pub fn check(&self, rule: impl Rule + 'static) -> Result<Certificate, LawViolation> {
        let violation = |rule, counterexample| LawViolation { rule, counterexample, by: *self };
        let subject = RuleUnderTest::new(rule).map_err(|broken| violation(None, broken))?;
        let known = subject.known().clone();
        let claimed = Law::CLAIMED.into_iter().filter(|law| self.claims.has(*law));
        let laws: Vec<Law> = Law::OF_A_RULE.into_iter().chain(claimed).collect();
        let memory = RefCell::new(Vec::new());
        // Named is asked of every rule before, and of every answer.
        for law in laws.iter().filter(|law| **law != Law::Named) {
            let verdict = self.try_law(&subject, *law, &memory);
            verdict.map_err(|broken| violation(Some(known.clone()), broken))?;
        }
        let changed = self.changed_its_mind(&subject, &memory.into_inner());
        changed.map_err(|broken| violation(Some(known.clone()), broken))?;
        Ok(Certificate { rule: known, laws, by: *self })
    }

    /// Holds the rule to one law; of the scenarios that break it, the smallest whose story fails.
    fn try_law(
        &self,
        subject: &RuleUnderTest,
        law: Law,
        memory: &RefCell<Vec<(Question, MergeScenario)>>,
    ) -> Result<(), Counterexample> {
        let best: RefCell<Option<Counterexample>> = RefCell::new(None);
        let test = |scenario: MergeScenario| {
            subject.forget();
            let Err(broken) = subject.check(law, &scenario) else {
                remember(subject, &scenario, &mut memory.borrow_mut());
                return Ok(());
            };
            let mut best = best.borrow_mut();
            if best.as_ref().is_some_and(|best| best.story_fails && !broken.story_fails) {
                return Ok(()); // no better than what is found already
            }
            let what = broken.what.clone();
            *best = Some(broken);
            Err(TestCaseError::fail(what))
        };
        let mut runner = self.runner(law);
        let limits = if law == Law::Total { at_the_limits() } else { Vec::new() };
        let mut tried = Ok(());
        for scenario in limits {
            tried = tried.and_then(|()| runner.run_one(Tree::of(scenario), test).map(drop));
        }
        let tried = tried.and_then(|()| runner.run(&merge_scenarios(), test));
        match (tried, best.into_inner()) {
            (Err(_), Some(broken)) => Err(broken),
            (Err(error), None) => Err(Counterexample::bare(law, error.to_string())),
            (Ok(()), _) => Ok(()),
        }
    }

    fn runner(&self, law: Law) -> TestRunner {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        // Each law has scenarios of its own.
        for (to, from) in seed[8..].iter_mut().zip(law.name().bytes()) {
            *to = from;
        }
        let config = Config {
            cases: self.cases,
            max_shrink_iters: SHRINK_STEPS,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }

    /// Asks the rule once more what it was asked at the beginning.
    fn changed_its_mind(
        &self,
        subject: &RuleUnderTest,
        memory: &[(Question, MergeScenario)],
    ) -> Result<(), Counterexample> {
        for (question, scenario) in memory {
            let now = subject.ask(question);
            if now.as_ref() == Some(&question.answer) {
                continue;
            }
            let what = format!(
                "asked about {} it said {:?} once, and says {now:?} now.",
                question.words(),
                question.answer
            );
            return Err(super::rule::fickle(subject, scenario, what));
        }
        Ok(())
    }
}

/// Tries at a smaller scenario.
const SHRINK_STEPS: u32 = 4_000;
/// Questions kept until the end.
const REMEMBERED: usize = 256;

fn remember(
    subject: &RuleUnderTest,
    scenario: &MergeScenario,
    memory: &mut Vec<(Question, MergeScenario)>,
) {
    if memory.len() >= REMEMBERED {
        return;
    }
    for question in subject.questions() {
        if !memory.iter().any(|(known, _)| known.is_the_same(&question)) {
            memory.push((question, scenario.clone()));
        }
    }
}
