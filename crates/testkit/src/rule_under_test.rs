//! A merge rule under test, which is watched while it is asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::catch_panic::catch_panic;
use super::counterexample::Counterexample;
use super::law::Law;
use holdall::cart::{List, Register, RuleRef};
use holdall::clock::Time;
use holdall::id::{LineKey, RuleName};
use holdall::policy::{Choice, MergeInput, MergeSide, Registry, Rule, RuleScope, builtin};

/// A merge rule under test.
///
/// Its own name and version are kept, so that a story which it fails can be told elsewhere.
#[derive(Clone)]
pub struct RuleUnderTest {
    rule: Arc<dyn Rule>,
    watched: Arc<Watched>,
    known: RuleRef,
    reach: RuleScope,
    /// With the rule watched.
    pub(super) rules: Registry,
    /// With the rule as it is.
    pub(super) bare: Registry,
}

/// A question that the rule was asked, and what it said.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Question {
    line: LineKey,
    list: List,
    account: OwnedSide,
    guest: OwnedSide,
    pub(super) answer: Answer,
}

/// Answer of a rule: its choice and its reason.
pub(super) type Answer = (Choice, String);

#[derive(Clone, PartialEq, Debug)]
struct OwnedSide {
    units: u64,
    latest: Time,
    registers: Vec<Register>,
}

impl OwnedSide {
    fn of(side: &MergeSide<'_>) -> Self {
        let registers = side.registers.iter().map(|register| (*register).clone()).collect();
        Self { units: side.units, latest: side.latest, registers }
    }
}

/// Questions kept of one telling.
const QUESTIONS: usize = 48;

/// Observations of a rule while it was asked.
#[derive(Default)]
struct Noticed {
    questions: Vec<Question>,
    panic: Option<String>,
    imposture: Option<String>,
}

/// The rule, with its questions noted and its panics caught.
struct Watched {
    rule: Arc<dyn Rule>,
    known: RuleRef,
    noticed: Mutex<Noticed>,
}

impl Watched {
    fn noticed(&self) -> MutexGuard<'_, Noticed> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds a rule of the library that has the rule's name and gives another answer; says how they
    /// differ.
    fn imposture(&self, facts: &MergeInput<'_>, choice: Choice) -> Option<String> {
        let same = |rule: &&dyn Rule| {
            rule.name() == self.known.name.as_str() && rule.version() == self.known.version
        };
        let ours = builtin().find(same)?;
        let other = ours.choose(facts);
        (other != choice).then(|| {
            format!(
                "there is a rule {} in the library; it says {other:?}, this one {choice:?}",
                self.known
            )
        })
    }
}

impl Rule for Watched {
    fn name(&self) -> &str {
        self.known.name.as_str()
    }

    fn version(&self) -> u32 {
        self.known.version
    }

    fn reach(&self) -> RuleScope {
        catch_panic(|| self.rule.reach()).unwrap_or_default()
    }

    fn choose(&self, facts: &MergeInput<'_>) -> Choice {
        let (choice, panic) = match catch_panic(|| self.rule.choose(facts)) {
            Ok(choice) => (choice, None),
            Err(panic) => (Choice::Both, Some(panic)),
        };
        let reason = catch_panic(|| self.rule.reason(choice).to_owned());
        let imposture = self.imposture(facts, choice);
        let mut noticed = self.noticed();
        if noticed.questions.len() < QUESTIONS {
            let answer = (choice, reason.clone().unwrap_or_default());
            let (account, guest) = (OwnedSide::of(&facts.account), OwnedSide::of(&facts.guest));
            let question =
                Question { line: facts.line.clone(), list: facts.list, account, guest, answer };
            noticed.questions.push(question);
        }
        if noticed.panic.is_none() {
            noticed.panic = panic.or(reason.err());
        }
        if noticed.imposture.is_none() {
            noticed.imposture = imposture;
        }
        choice
    }

    fn reason(&self, choice: Choice) -> &str {
        catch_panic(|| self.rule.reason(choice)).unwrap_or_default()
    }
}

impl RuleUnderTest {
    /// Puts a rule under test.
    ///
    /// # Errors
    /// It breaks [`Law::Named`].
    pub fn new(rule: impl Rule + 'static) -> Result<Self, Counterexample> {
        let rule: Arc<dyn Rule> = Arc::new(rule);
        let bad = |what: String| Counterexample::bare(Law::Named, what);
        let about = || (rule.name().to_owned(), rule.version(), rule.reach());
        let (name, version, reach) = catch_panic(about)
            .map_err(|panic| bad(format!("it panics when asked for its name: {panic}")))?;
        for _ in 0..3 {
            if catch_panic(about).ok() != Some((name.clone(), version, reach)) {
                return Err(bad("its name, version or reach changes".into()));
            }
        }
        let known = RuleName::new(&name).map_err(|error| bad(format!("{name:?}: {error}")))?;
        if version == 0 {
            return Err(bad(format!("{name} has version 0: versions begin at 1")));
        }
        let known = RuleRef { name: known, version };
        let watched =
            Watched { rule: rule.clone(), known: known.clone(), noticed: Mutex::default() };
        let watched = Arc::new(watched);
        let rules = Registry::default().with_instead(known.clone(), watched.clone());
        let bare = Registry::default().with_instead(known.clone(), rule.clone());
        Ok(Self { rule, watched, known, reach, rules, bare })
    }

    /// Returns the rule's name and version.
    #[must_use]
    pub const fn known(&self) -> &RuleRef {
        &self.known
    }

    /// Returns what the rule decides on: lines, or whole carts.
    #[must_use]
    pub const fn reach(&self) -> RuleScope {
        self.reach
    }

    /// Forgets what was noticed.
    pub(super) fn forget(&self) {
        self.watched.noticed().questions.clear();
    }

    /// Returns each question that was asked since, once.
    pub(super) fn questions(&self) -> Vec<Question> {
        let mut questions: Vec<Question> = Vec::new();
        for question in self.watched.noticed().questions.drain(..) {
            if !questions.iter().any(|known| known.is_the_same(&question)) {
                questions.push(question);
            }
        }
        questions
    }

    /// Returns the text of the first panic, if there was one.
    pub(super) fn panic(&self) -> Option<String> {
        self.watched.noticed().panic.take()
    }

    /// Returns how the rule was seen to differ from the library's rule of its name.
    pub(super) fn imposture(&self) -> Option<String> {
        self.watched.noticed().imposture.take()
    }

    /// Asks the rule itself; a panic is no answer.
    pub(super) fn ask(&self, question: &Question) -> Option<Answer> {
        let (account, guest) = (
            question.account.registers.iter().collect::<Vec<_>>(),
            question.guest.registers.iter().collect::<Vec<_>>(),
        );
        let side = |side: &OwnedSide| (side.units, side.latest);
        let ((account_units, account_latest), (guest_units, guest_latest)) =
            (side(&question.account), side(&question.guest));
        let facts = MergeInput {
            line: &question.line,
            list: question.list,
            account: MergeSide {
                units: account_units,
                latest: account_latest,
                registers: &account,
            },
            guest: MergeSide { units: guest_units, latest: guest_latest, registers: &guest },
        };
        catch_panic(|| {
            let choice = self.rule.choose(&facts);
            (choice, self.rule.reason(choice).to_owned())
        })
        .ok()
    }
}

impl Question {
    pub(super) fn is_the_same(&self, other: &Self) -> bool {
        (&self.line, self.list, &self.account, &self.guest)
            == (&other.line, other.list, &other.account, &other.guest)
    }

    /// Formats it for people.
    pub(super) fn words(&self) -> String {
        format!(
            "{}, account {} (latest {:?}), guest {} (latest {:?})",
            self.line, self.account.units, self.account.latest, self.guest.units, self.guest.latest
        )
    }
}
