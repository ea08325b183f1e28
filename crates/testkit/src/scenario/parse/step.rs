//! A step: exactly one verb.

use super::duration::duration;
use super::policy::parse_policy;
use super::{Parsed, parse_expect, row};
use crate::scenario::raw::{RawMerge, RawStep, WordOr};
use crate::scenario::shopping::StoryAction;
use crate::scenario::story::{Act, Step, Verb};
use holdall::policy::Registry;

pub(super) fn parse_step(raw: RawStep, line: usize, rules: &Registry) -> Parsed<Step> {
    let RawStep { shopping, rest: raw } = raw;
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
    for (verb, value) in shopping {
        verbs.push(act(verb.key, row::shopping(verb, value).map(Act::Shop)));
    }
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
            Self::Shop(StoryAction { row: Some(row), .. }) => {
                row.key().map(drop).map_err(|e| e.to_string())
            }
            _ => Ok(()),
        }
    }
}
