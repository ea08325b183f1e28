//! From a story to TOML: what is written parses back as the same story.

use std::collections::BTreeMap;
use std::fmt;

use super::row_name::{RowName, SideName};
use super::shopping::{Details, StoryAction, ValueForm};
use super::story::{ExpectRow, ExpectView, StepKind, Story, StoryAct, StoryStep};
use holdall::cart::{List, LosingUnits, MergePolicy, RuleRef};
use holdall::id::LineKey;
use holdall::quantity::Quantity;

/// As the text of a story file.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "name = {}", quoted(&self.name))?;
        if let Some(why) = &self.why {
            writeln!(f, "why  = {}", quoted(why))?;
        }
        if let Some(ceiling) = self.ceiling {
            writeln!(f, "ceiling = {ceiling}")?;
        }
        writeln!(f, "\nsteps = [")?;
        for step in &self.steps {
            writeln!(f, "  {},", step_table(step))?;
        }
        writeln!(f, "]")?;
        for expect in &self.expect {
            writeln!(f, "\n[[expect]]")?;
            for (key, value) in expect_pairs(expect) {
                writeln!(f, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}

/// Formats a TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

type Pairs = Vec<(&'static str, String)>;

fn table(pairs: Pairs) -> String {
    let pairs: Vec<String> =
        pairs.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "[]".into() } else { format!("[ {} ]", items.join(", ")) }
}

/// Formats a name as a key, in quotes where TOML needs them: the name of an option may be any text.
fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(plain) { name.into() } else { quoted(name) }
}

/// Formats a table of texts.
fn names(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        map.iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn step_table(step: &StoryStep) -> String {
    let mut pairs: Pairs = Vec::new();
    if let StepKind::Act { at, cart, .. } = &step.verb {
        pairs.push(("at", quoted(at)));
        pairs.push(("cart", quoted(cart)));
    }
    pairs.push(match &step.verb {
        StepKind::Act { act, .. } => act_pair(act),
        StepKind::Sync(None) => ("sync", quoted("all")),
        StepKind::Sync(Some(sites)) => ("sync", list(sites.iter().map(|site| quoted(site)))),
        StepKind::Send { from, to, again } => {
            let route = table(vec![("from", quoted(from)), ("to", quoted(to))]);
            (if *again { "resend" } else { "send" }, route)
        }
        StepKind::Restart(site) => ("restart", quoted(site)),
        StepKind::Lose(site) => ("lose", quoted(site)),
        StepKind::Authority(up) => ("authority", quoted(if *up { "up" } else { "down" })),
        StepKind::Clock { at, skew_ms } => {
            let skew = quoted(&duration(*skew_ms));
            ("clock", table(vec![("at", quoted(at)), ("skew", skew)]))
        }
        StepKind::Advance { ms } => {
            ("advance", quoted(&duration(i64::try_from(*ms).unwrap_or(i64::MAX))))
        }
        StepKind::Expect(expect) => ("expect", table(expect_pairs(expect))),
    });
    if let Some(kind) = &step.fails {
        pairs.push(("fails", quoted(kind)));
    }
    table(pairs)
}

fn act_pair(act: &StoryAct) -> (&'static str, String) {
    match act {
        StoryAct::Shop(action) => (action.verb.key, value_of(action)),
        StoryAct::Merge { guest, policy } => {
            ("merge", table(vec![("guest", quoted(guest)), ("policy", policy_text(policy))]))
        }
        StoryAct::Unmerge { guest } => ("unmerge", table(vec![("guest", quoted(guest))])),
        StoryAct::Order { id } => ("order", table(vec![("id", quoted(id))])),
        StoryAct::Expire => ("expire", "true".into()),
        StoryAct::Erase => ("erase", "true".into()),
    }
}

/// As a step has it, the verb with its value.
impl fmt::Display for StoryAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.verb.key, value_of(self))
    }
}

/// Formats the value of one of the shopper's verbs.
fn value_of(StoryAction { verb, row, with }: &StoryAction) -> String {
    let Details { quantity, price, text, wrap, message, key, value, word, flag, list } = with;
    match verb.value {
        ValueForm::Word => quoted(word.as_deref().unwrap_or_default()),
        ValueForm::Flag => flag.unwrap_or_default().to_string(),
        ValueForm::List => list.map_or("true".into(), |list| quoted(list_name(list))),
        ValueForm::Row { .. } | ValueForm::RowOrCart { .. } => {
            let mut pairs = row.as_ref().map(row_pairs).unwrap_or_default();
            pairs.extend(quantity.map(|quantity| ("quantity", quantity.to_string())));
            pairs.extend(price.map(|price| ("price", quoted(&price.to_string()))));
            pairs.extend(text.as_ref().map(|text| ("text", quoted(text))));
            pairs.extend(wrap.map(|wrap| ("wrap", wrap.to_string())));
            pairs.extend(message.as_ref().map(|message| ("message", quoted(message))));
            pairs.extend(key.as_ref().map(|key| ("key", quoted(key))));
            pairs.extend(value.as_ref().map(|value| ("value", quoted(value))));
            table(pairs)
        }
    }
}

const fn list_name(list: List) -> &'static str {
    match list {
        List::Active => "active",
        List::Saved => "saved",
    }
}

fn policy_text(policy: &MergePolicy) -> String {
    let MergePolicy { rule, overrides, ceiling, loser } = policy;
    let plain = overrides.is_empty() && ceiling.is_none() && *loser == LosingUnits::Hide;
    if plain && rule.version == 1 {
        return quoted(rule.name.as_str());
    }
    let terms = |rule: Option<&RuleRef>, loser: Option<LosingUnits>, ceiling: Option<Quantity>| {
        let mut pairs: Pairs = Vec::new();
        if let Some(rule) = rule {
            pairs.push(("rule", quoted(rule.name.as_str())));
            if rule.version != 1 {
                pairs.push(("version", rule.version.to_string()));
            }
        }
        pairs.extend(loser.map(|loser| {
            ("loser", quoted(if loser == LosingUnits::Hide { "hide" } else { "save-for-later" }))
        }));
        pairs.extend(ceiling.map(|ceiling| ("ceiling", ceiling.to_string())));
        pairs
    };
    let own = (*loser != LosingUnits::Hide).then_some(*loser);
    let mut pairs = terms(Some(rule), own, *ceiling);
    if !overrides.is_empty() {
        let overrides = overrides.iter().map(|other| {
            let mut pairs: Pairs = vec![("sku", quoted(other.lines.as_str()))];
            pairs.extend(terms(other.rule.as_ref(), other.loser, other.ceiling));
            table(pairs)
        });
        pairs.push(("overrides", list(overrides)));
    }
    table(pairs)
}

fn side_text(side: SideName) -> String {
    quoted(match side {
        SideName::Account => "account",
        SideName::Guest => "guest",
    })
}

fn row_pairs(row: &RowName) -> Pairs {
    let mut pairs = vec![("sku", quoted(&row.sku))];
    if !row.options.is_empty() {
        pairs.push(("options", names(&row.options)));
    }
    pairs.extend(row.bundle.as_ref().map(|bundle| ("bundle", quoted(bundle))));
    pairs.extend(row.tag.as_ref().map(|tag| ("tag", quoted(tag))));
    pairs.extend(row.side.map(|side| ("side", side_text(side))));
    pairs.extend(row.list.map(|list| ("list", quoted(list_name(list)))));
    pairs
}

impl RowName {
    /// Names a line as a story does.
    pub(crate) fn of(line: &LineKey, side: Option<SideName>) -> Self {
        let options = line.options();
        Self {
            sku: line.product().to_string(),
            options: options.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            bundle: line.bundle().map(ToString::to_string),
            tag: line.tag().map(ToString::to_string),
            side,
            list: None,
        }
    }
}

fn expect_pairs(expect: &ExpectView) -> Pairs {
    let ExpectView { line: _, at, cart, rows, coupons, shipping, note, orders } = expect;
    let mut pairs: Pairs = Vec::new();
    pairs.extend(at.as_ref().map(|at| ("at", quoted(at))));
    pairs.push(("cart", quoted(cart)));
    match rows {
        Some([lines, saved]) if lines.is_empty() && saved.is_empty() => {
            pairs.push(("empty", "true".into()));
        }
        Some([lines, saved]) => {
            pairs.push(("lines", list(lines.iter().map(expect_row))));
            if !saved.is_empty() {
                pairs.push(("saved", list(saved.iter().map(expect_row))));
            }
        }
        None => {}
    }
    let words = |words: &[String]| list(words.iter().map(|word| quoted(word)));
    pairs.extend(
        coupons
            .as_ref()
            .map(|codes| ("coupons", list(codes.iter().map(|code| quoted(code.as_str()))))),
    );
    pairs.extend(shipping.as_ref().map(|option| ("shipping", quoted(option))));
    pairs.extend(note.as_ref().map(|note| ("note", quoted(note))));
    pairs.extend(orders.as_ref().map(|orders| ("orders", words(orders))));
    pairs
}

fn expect_row(row: &ExpectRow) -> String {
    let ExpectRow { key, quantity, side, note, gift, attributes, question, because } = row;
    let mut pairs = row_pairs(&RowName::of(key, *side));
    pairs.push(("quantity", quantity.to_string()));
    pairs.extend(note.as_ref().map(|note| ("note", quoted(note))));
    pairs.extend(gift.as_ref().map(|(wrap, message)| {
        let mut gift: Pairs = Vec::new();
        gift.extend(wrap.map(|wrap| ("wrap", wrap.to_string())));
        gift.extend(message.as_ref().map(|message| ("message", quoted(message))));
        ("gift", table(gift))
    }));
    pairs.extend(attributes.as_ref().map(|attributes| ("attributes", names(attributes))));
    pairs.extend(question.map(|question| ("question", question.to_string())));
    pairs.extend(because.as_ref().map(|rule| ("because", quoted(rule))));
    table(pairs)
}

/// Formats a duration in the largest unit that is exact.
fn duration(ms: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let (unit, each) =
        units.into_iter().find(|(_, each)| ms != 0 && ms % each == 0).unwrap_or(("ms", 1));
    format!("{}{unit}", ms / each)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::story::Story;

    fn stories(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                stories(&path, found);
            } else if path.extension().is_some_and(|end| end == "toml") {
                found.push(path);
            }
        }
    }

    /// Formats a story without its line numbers.
    fn said(story: &Story) -> String {
        let mut said = String::new();
        let text = format!("{story:?}");
        let mut rest = text.as_str();
        while let Some(at) = rest.find("line: ") {
            let (before, after) = rest.split_at(at + "line: ".len());
            said.push_str(before);
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        said + rest
    }

    #[test]
    fn every_story_at_hand_is_written_as_it_was_read() {
        let mut paths = Vec::new();
        stories(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/stories"), &mut paths);
        for path in paths {
            let text = std::fs::read_to_string(&path).expect("a story");
            let story = Story::parse(&text).expect("a story");
            let again = Story::parse(&story.to_string());
            let again = again.unwrap_or_else(|e| panic!("{}: {e}\n{story}", path.display()));
            assert_eq!(said(&story), said(&again), "{}\n{story}", path.display());
        }
    }

    #[test]
    fn texts_with_quotes_and_line_ends_survive() {
        let text = "name = \"a\"\nsteps = [ { at = \"a\\\"b\", cart = \"c\\\\\", note = { text = \"x\\ny\\u0007\" } } ]\n[[expect]]\ncart = \"c\\\\\"\nnote = \"x\\ny\\u0007\"\n";
        let story = Story::parse(text).expect("a story");
        assert_eq!(said(&Story::parse(&story.to_string()).expect("again")), said(&story));
    }
}
