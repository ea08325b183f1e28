//! Merge policies, and the table of what each rule chooses.

use std::collections::BTreeMap;

/// One side of a line, as a rule sees it.
pub(super) struct SideOfLine {
    pub(super) units: u64,
    pub(super) latest: (u64, u32),
    pub(super) registers: BTreeMap<String, String>,
}

/// Merge policy, in the terms of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelPolicy<L> {
    /// The rule's name.
    pub rule: String,
    /// Lines with a rule of their own; the first that names a line wins.
    pub overrides: Vec<(Vec<L>, String)>,
    /// Whether the losing side is saved for later.
    pub save_loser: bool,
    /// The most units that a row may show which the merge had a hand in.
    pub ceiling: Option<u64>,
}

/// Which side counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChosenSide {
    Both,
    Account,
    Guest,
    /// As two rows.
    Apart {
        asked: bool,
    },
}

impl<L> ModelPolicy<L> {
    /// Makes a policy with one rule for every line and no ceiling, which hides the losing side.
    #[must_use]
    pub fn rule(rule: &str) -> Self {
        Self { rule: rule.into(), overrides: Vec::new(), save_loser: false, ceiling: None }
    }
}

impl<L: Eq> ModelPolicy<L> {
    pub(super) fn on(&self, line: &L) -> &str {
        let named = self.overrides.iter().find(|(lines, _)| lines.contains(line));
        named.map_or(&self.rule, |(_, rule)| rule)
    }

    /// Returns true if a rule of the policy decides on whole carts.
    pub(super) fn is_cartwide(&self) -> bool {
        is_cartwide(&self.rule) || self.overrides.iter().any(|(_, rule)| is_cartwide(rule))
    }
}

pub(super) fn is_cartwide(rule: &str) -> bool {
    matches!(rule, "replace-with-guest" | "keep-account")
}

/// Looks up the choice of a rule in the contract's table; `None` for an unknown rule.
pub(super) fn choice(rule: &str, account: &SideOfLine, guest: &SideOfLine) -> Option<ChosenSide> {
    let guest_if = |guest| if guest { ChosenSide::Guest } else { ChosenSide::Account };
    Some(match rule {
        "sum" => ChosenSide::Both,
        "max" => guest_if(guest.units > account.units),
        "latest" => guest_if(guest.latest > account.latest),
        "prefer-account" | "keep-account" => ChosenSide::Account,
        "prefer-guest" | "replace-with-guest" => ChosenSide::Guest,
        "split-variant" if account.registers == guest.registers => ChosenSide::Both,
        "split-variant" => ChosenSide::Apart { asked: false },
        "ask" => ChosenSide::Apart { asked: true },
        _ => return None,
    })
}
