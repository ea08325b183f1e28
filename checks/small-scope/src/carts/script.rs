//! What happens in a small model: who does what, on one line.

use std::fmt;

use super::fold::List;

/// What a shopper or a region does. Of the shopper's actions, those that move units of one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Put n more in.
    Add(u32),
    /// Make the row n.
    Set(u32),
    /// Make the guest's row of a split line n.
    SetGuests(u32),
    /// Take the row out.
    Remove,
    /// Move the row of that list to the other.
    Move(List),
    /// Buy what is in the cart.
    Order,
    /// Merge the guest cart as far as it is known here, by that rule.
    Merge(Rule),
    /// Join what the guest wrote late.
    Absorb,
}

/// The merge rules that are tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// Both count.
    Sum,
    /// The larger counts.
    Max,
    /// Two rows where attributes differ.
    SplitVariant,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sum, Self::Max, Self::SplitVariant];

    /// Its name in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Max => "max",
            Self::SplitVariant => "split-variant",
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(n) => write!(f, "adds {n}"),
            Self::Set(n) => write!(f, "sets {n}"),
            Self::SetGuests(n) => write!(f, "sets the guest's row to {n}"),
            Self::Remove => write!(f, "removes the row"),
            Self::Move(List::Cart) => write!(f, "saves the row for later"),
            Self::Move(List::Saved) => write!(f, "moves the saved row to the cart"),
            Self::Order => write!(f, "orders"),
            Self::Merge(rule) => write!(f, "merges the guest by {}", rule.name()),
            Self::Absorb => write!(f, "absorbs what the guest wrote late"),
        }
    }
}

/// The guest cart of a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guest {
    /// How many it has from the start, with a note on the line.
    pub units: u32,
    /// What its phone does late, if anything.
    pub late: Option<Deed>,
}

/// A small model: up to three replicas of one account's cart and a guest's phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// What it is called.
    pub name: String,
    /// How many of the line all replicas have from the start.
    pub start: u32,
    /// What each replica of the account's cart does, in its order. The last is the region, which
    /// knows the guest cart.
    pub sites: Vec<Vec<Deed>>,
    /// The guest cart, if there is one.
    pub guest: Option<Guest>,
    /// Whether replicas also exchange in full.
    pub exchange: bool,
}

/// The pair table's actions: add, two Sets, remove, save for later, order.
pub const TABLE: [Deed; 6] =
    [Deed::Add(2), Deed::Set(5), Deed::Set(2), Deed::Remove, Deed::Move(List::Cart), Deed::Order];

fn short(deed: Deed) -> String {
    match deed {
        Deed::Add(n) => format!("+{n}"),
        Deed::Set(n) => format!("={n}"),
        Deed::SetGuests(n) => format!("guest={n}"),
        Deed::Remove => "remove".into(),
        Deed::Move(List::Cart) => "save".into(),
        Deed::Move(List::Saved) => "unsave".into(),
        Deed::Order => "order".into(),
        Deed::Merge(rule) => rule.name().into(),
        Deed::Absorb => "absorb".into(),
    }
}

fn shorts(deeds: &[Deed]) -> String {
    deeds.iter().map(|deed| short(*deed)).collect::<Vec<_>>().join(" ")
}

/// Two actions at once, each replica then doing the other's too, and a third that only listens.
pub fn pairs(start: u32) -> Vec<Script> {
    each_pair(|x, y| Script {
        name: format!("from {start}: {} | {} | -", shorts(&[x, y]), shorts(&[y, x])),
        start,
        sites: vec![vec![x, y], vec![y, x], vec![]],
        guest: None,
        exchange: false,
    })
}

/// Three replicas, one action each, and full exchanges besides the packets.
pub fn triples() -> Vec<Script> {
    let mut all = Vec::new();
    for (at, x) in TABLE.into_iter().enumerate() {
        for (more, y) in TABLE[at..].iter().enumerate() {
            for z in &TABLE[at + more..] {
                all.push(Script {
                    name: format!("{} | {} | {}, exchanging", short(x), short(*y), short(*z)),
                    start: 3,
                    sites: vec![vec![x], vec![*y], vec![*z]],
                    guest: None,
                    exchange: true,
                });
            }
        }
    }
    all
}

/// Three replicas, two of them with two actions: a few, in which every action occurs.
pub fn fives() -> Vec<Script> {
    vec![
        many([
            &[Deed::Add(2), Deed::Remove],
            &[Deed::Set(5), Deed::Order],
            &[Deed::Move(List::Cart)],
        ]),
        many([&[Deed::Set(2), Deed::Order], &[Deed::Set(5), Deed::Set(4)], &[Deed::Order]]),
        many([
            &[Deed::Move(List::Cart), Deed::Move(List::Saved)],
            &[Deed::Move(List::Cart), Deed::Add(2)],
            &[Deed::Remove],
        ]),
        many([
            &[Deed::Move(List::Cart), Deed::Set(2)],
            &[Deed::Set(5), Deed::Remove],
            &[Deed::Set(4)],
        ]),
    ]
}

/// Three replicas with two actions each.
pub fn sixes() -> Vec<Script> {
    vec![
        many([
            &[Deed::Add(2), Deed::Remove],
            &[Deed::Set(5), Deed::Order],
            &[Deed::Move(List::Cart), Deed::Set(2)],
        ]),
        many([
            &[Deed::Set(2), Deed::Order],
            &[Deed::Set(5), Deed::Set(4)],
            &[Deed::Order, Deed::Add(2)],
        ]),
        many([
            &[Deed::Move(List::Cart), Deed::Move(List::Saved)],
            &[Deed::Move(List::Cart), Deed::Add(2)],
            &[Deed::Remove, Deed::Set(5)],
        ]),
    ]
}

fn many(sites: [&[Deed]; 3]) -> Script {
    Script {
        name: sites.map(shorts).join(" | "),
        start: 3,
        sites: sites.map(Vec::from).into(),
        guest: None,
        exchange: false,
    }
}

/// Two devices that act at once, and then again, while a region merges a guest who is not done yet.
pub fn merges(rule: Rule, late: Deed) -> Vec<Script> {
    each_pair(|x, y| Script {
        name: format!(
            "{} | {} | {}, late guest {}",
            shorts(&[x, y]),
            short(y),
            rule.name(),
            short(late)
        ),
        start: 3,
        sites: vec![vec![x, y], vec![y], vec![Deed::Merge(rule), Deed::Absorb]],
        guest: Some(Guest { units: 4, late: Some(late) }),
        exchange: false,
    })
}

/// Edits of one row of a split line beside edits by those who do not know of the merge.
pub fn rows_apart() -> Vec<Script> {
    let of = |x: Deed| Script {
        name: format!("guest=6 {} | {} | split-variant, late guest +1", short(x), short(x)),
        start: 3,
        sites: vec![
            vec![Deed::SetGuests(6), x],
            vec![x],
            vec![Deed::Merge(Rule::SplitVariant), Deed::Absorb],
        ],
        guest: Some(Guest { units: 4, late: Some(Deed::Add(1)) }),
        exchange: false,
    };
    TABLE.into_iter().map(of).collect()
}

/// A family of models.
pub struct Family {
    /// What they have in common.
    pub name: String,
    /// The models.
    pub scripts: Vec<Script>,
    /// In the short mode each how-manieth is run; `None` leaves them out.
    pub short: Option<usize>,
}

/// All of them.
pub fn families() -> Vec<Family> {
    let family = |name: &str, scripts, short| Family { name: name.into(), scripts, short };
    let mut all = vec![
        family("pairs from 3", pairs(3), Some(1)),
        family("pairs from nothing", pairs(0), Some(1)),
        family("triples, exchanging", triples(), Some(1)),
        family("three replicas, five actions", fives(), Some(4)),
        family("three replicas, six actions", sixes(), None),
        family("one row of two, split-variant", rows_apart(), Some(2)),
    ];
    for rule in Rule::ALL {
        for late in [Deed::Add(1), Deed::Set(3)] {
            let name = format!("pairs and {}, late guest {}", rule.name(), short(late));
            let mut scripts = merges(rule, late);
            // Another pair of actions in each family's short mode.
            let at = all.len() * TABLE.len() + all.len() % TABLE.len();
            let count = scripts.len();
            scripts.rotate_left(at % count);
            all.push(Family { name, scripts, short: Some(TABLE.len() * TABLE.len()) });
        }
    }
    all
}

fn each_pair(script: impl Fn(Deed, Deed) -> Script) -> Vec<Script> {
    TABLE.into_iter().flat_map(|x| TABLE.map(|y| script(x, y))).collect()
}
