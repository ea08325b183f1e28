//! The built-in rules. Each has version 1; a changed outcome would be version 2.

use super::rule::{Choice, MergeInput, Rule, RuleScope};

/// A built-in rule.
struct BuiltinRule {
    name: &'static str,
    reach: RuleScope,
    choose: fn(&MergeInput<'_>) -> Choice,
    /// The reason for its choice, in words that follow "because".
    because: &'static str,
}

impl Rule for BuiltinRule {
    fn name(&self) -> &str {
        self.name
    }

    fn reach(&self) -> RuleScope {
        self.reach
    }

    fn choose(&self, facts: &MergeInput<'_>) -> Choice {
        (self.choose)(facts)
    }

    fn reason(&self, _: Choice) -> &str {
        self.because
    }
}

/// Creates a rule that decides on lines.
const fn line(
    name: &'static str,
    choose: fn(&MergeInput<'_>) -> Choice,
    because: &'static str,
) -> BuiltinRule {
    BuiltinRule { name, reach: RuleScope::Line, choose, because }
}

/// The built-in rules: rules for lines, then rules for whole carts.
static RULES: [BuiltinRule; 9] = [
    line("sum", |_| Choice::Both, "both carts count"),
    line(
        "max",
        |facts| {
            if sabotage!(
                "max-gives-ties-to-guest",
                facts.guest.units > facts.account.units,
                facts.guest.units >= facts.account.units
            ) {
                Choice::Guest
            } else {
                Choice::Account
            }
        },
        "the larger of the two carts counts",
    ),
    line(
        "latest",
        |facts| {
            if sabotage!(
                "latest-prefers-the-earlier",
                facts.guest.latest > facts.account.latest,
                facts.guest.latest < facts.account.latest
            ) {
                Choice::Guest
            } else {
                Choice::Account
            }
        },
        "the cart that was edited last counts",
    ),
    line("prefer-account", |_| Choice::Account, "the account's cart counts"),
    line(
        "prefer-guest",
        |_| sabotage!("prefer-guest-chooses-account", Choice::Guest, Choice::Account),
        "the guest cart counts",
    ),
    line(
        "split-variant",
        |facts| {
            if facts.account.registers == facts.guest.registers {
                Choice::Both
            } else {
                Choice::Split
            }
        },
        "lines with different notes, gift options or attributes are kept apart",
    ),
    line("ask", |_| Choice::Ask, "the shopper is asked"),
    BuiltinRule {
        name: "replace-with-guest",
        reach: RuleScope::Cart,
        choose: |_| Choice::Guest,
        because: "the guest cart replaces the account's",
    },
    BuiltinRule {
        name: "keep-account",
        reach: RuleScope::Cart,
        choose: |_| Choice::Account,
        because: "the account's cart is kept as it is",
    },
];

/// Returns the built-in rules.
pub fn builtin() -> impl Iterator<Item = &'static dyn Rule> {
    RULES.iter().map(|rule| rule as &dyn Rule)
}
