//! What shoppers do: edits of lines, seeded, the same for every subject.

/// What is done to a line: those of `holdall::Action` that every engine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// So many more of it.
    Add(u32),
    /// Make it so many.
    Set(u32),
    /// Take it out.
    Remove,
}

/// One edit, one commit.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// What.
    pub verb: Verb,
    /// To which line.
    pub line: usize,
}

/// The name of a line.
pub fn sku(line: usize) -> String {
    format!("SKU-{line:05}")
}

/// Adds the lines `from..to`, each once.
pub fn opening(from: usize, to: usize) -> Vec<Edit> {
    (from..to).map(|line| Edit { verb: Verb::Add(1 + line as u32 % 3), line }).collect()
}

/// Removes the lines `from..to`, each once.
pub fn removal(from: usize, to: usize) -> Vec<Edit> {
    (from..to).map(|line| Edit { verb: Verb::Remove, line }).collect()
}

/// `edits` edits of a cart that has the lines `0..lines`: 70 % add, 20 % set, 10 % remove. A removed
/// line is added again at once, and this counts among the adds, so the cart keeps its lines.
pub fn mixed(seed: u64, lines: usize, edits: usize) -> Vec<Edit> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut script: Vec<Edit> = Vec::with_capacity(edits);
    while script.len() < edits {
        let line = chance.usize(..lines);
        let units = chance.u32(1..=4);
        // Nine draws make ten edits, since the one remove brings an add with it.
        match chance.u32(..9) {
            0 if script.len() + 1 < edits => {
                script.push(Edit { verb: Verb::Remove, line });
                script.push(Edit { verb: Verb::Add(units), line });
            }
            1 | 2 => script.push(Edit { verb: Verb::Set(units), line }),
            _ => script.push(Edit { verb: Verb::Add(units), line }),
        }
    }
    script
}

/// The life of a cart: its lines are put in, then it is edited, `edits` edits in all. Its last
/// edits are the same however long it lives, so that carts of different ages show the same.
pub fn life(lines: usize, edits: usize) -> Vec<Edit> {
    const LAST: usize = 950;
    let mut script = opening(0, lines.min(edits));
    let rest = edits - script.len();
    script.extend(mixed(11, lines, rest.saturating_sub(LAST)));
    script.extend(mixed(38, lines, rest.min(LAST)));
    script
}
