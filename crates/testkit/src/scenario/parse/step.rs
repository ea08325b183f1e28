//! A step: exactly one verb.

use super::duration::duration;
use super::expect::parse_expect;
use super::parsed::Parsed;
use super::policy::parse_policy;
use super::row;
use crate::scenario::raw::{RawMerge, RawStep, WordOr};
use crate::scenario::shopping::StoryAction;
use crate::scenario::story::{StepKind, StoryAct, StoryStep};
use holdall::policy::Registry;

pub(super) fn parse_step(raw: RawStep, line: usize, rules: &Registry) -> Parsed<StoryStep> {
    let RawStep { shopping, rest: raw } = raw;
    let mut verbs: Vec<(&'static str, Parsed<StepKind>)> = Vec::new();
    let (at, cart) = (raw.at.clone(), raw.cart.clone());
    let act = |name: &'static str, act: Parsed<StoryAct>| {
        let verb = act.and_then(|act| match (&at, &cart) {
            (Some(at), Some(cart)) => Ok(StepKind::Act { at: at.clone(), cart: cart.clone(), act }),
            _ => Err(format!("{name}: say where: at = \"REPLICA\", cart = \"CART\"")),
        });
        (name, verb)
    };
    let is = |name: &'static str, value: bool, then: StoryAct| {
        act(name, if value { Ok(then) } else { Err(format!("{name}: only true has a meaning")) })
    };
    for (verb, value) in shopping {
        verbs.push(act(verb.key, row::shopping(verb, value).map(StoryAct::Shop)));
    }
    verbs.extend(raw.merge.map(|RawMerge { guest, policy }| {
        act("merge", parse_policy(policy, rules).map(|policy| StoryAct::Merge { guest, policy }))
    }));
    verbs.extend(
        raw.unmerge.map(|unmerge| act("unmerge", Ok(StoryAct::Unmerge { guest: unmerge.guest }))),
    );
    verbs.extend(raw.order.map(|order| act("order", Ok(StoryAct::Order { id: order.id }))));
    verbs.extend(raw.expire.map(|v| is("expire", v, StoryAct::Expire)));
    verbs.extend(raw.erase.map(|v| is("erase", v, StoryAct::Erase)));
    verbs.extend(raw.sync.map(|sync| {
        (
            "sync",
            match sync {
                WordOr::Word(word) if word == "all" => Ok(StepKind::Sync(None)),
                WordOr::Word(word) => {
                    Err(format!("sync: {word:?} is not \"all\" or a list of replicas"))
                }
                WordOr::Other(who) if who.len() < 2 => {
                    Err("sync: name at least two replicas".into())
                }
                WordOr::Other(who) => Ok(StepKind::Sync(Some(who))),
            },
        )
    }));
    verbs.extend(
        raw.send.map(|r| ("send", Ok(StepKind::Send { from: r.from, to: r.to, again: false }))),
    );
    verbs.extend(
        raw.resend.map(|r| ("resend", Ok(StepKind::Send { from: r.from, to: r.to, again: true }))),
    );
    verbs.extend(raw.restart.map(|who| ("restart", Ok(StepKind::Restart(who)))));
    verbs.extend(raw.lose.map(|who| ("lose", Ok(StepKind::Lose(who)))));
    verbs.extend(raw.authority.map(|word| {
        (
            "authority",
            match word.as_str() {
                "up" => Ok(StepKind::Authority(true)),
                "down" => Ok(StepKind::Authority(false)),
                _ => Err(format!("authority: {word:?} is not \"up\" or \"down\"")),
            },
        )
    }));
    verbs.extend(raw.clock.map(|clock| {
        (
            "clock",
            duration(&clock.skew)
                .map(|skew_ms| StepKind::Clock { at: clock.at, skew_ms })
                .map_err(|e| format!("clock: skew: {e}")),
        )
    }));
    verbs.extend(raw.advance.map(|time| {
        (
            "advance",
            duration(&time)
                .and_then(|ms| u64::try_from(ms).map_err(|_| "time only goes forward".into()))
                .map(|ms| StepKind::Advance { ms })
                .map_err(|e| format!("advance: {e}")),
        )
    }));
    verbs.extend(
        raw.expect.map(|expect| ("expect", parse_expect(expect, line).map(StepKind::Expect))),
    );
    if verbs.len() != 1 {
        let names: Vec<&str> = verbs.iter().map(|(name, _)| *name).collect();
        let found = if names.is_empty() { "none".into() } else { names.join(" and ") };
        return Err(format!("steps: a step has exactly one verb, here are {found}"));
    }
    let (name, verb) = verbs.remove(0);
    let verb = verb?;
    if let Some(kind) = &raw.fails {
        if !matches!(verb, StepKind::Act { .. }) {
            return Err(format!("fails: {name} does not fail"));
        }
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Err(format!("fails: {kind:?} is not the kebab-case name of an error kind"));
        }
    } else if let StepKind::Act { act, .. } = &verb {
        act.check().map_err(|e| format!("{name}: {e}; or expect it with fails = \"...\""))?;
    }
    Ok(StoryStep { line, fails: raw.fails, verb })
}

impl StoryAct {
    /// Checks the names in a step that is not meant to fail.
    fn check(&self) -> Parsed<()> {
        match self {
            Self::Shop(StoryAction { row: Some(row), .. }) => {
                row.key().map(drop).map_err(|e| e.to_string())
            }
            _ => Ok(()),
        }
    }
}
