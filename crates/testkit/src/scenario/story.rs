//! A story, checked: what a runner can tell.

use std::collections::BTreeMap;

use super::row_name::SideName;
use super::shopping::StoryAction;
use holdall::cart::MergePolicy;
use holdall::id::{CouponCode, LineKey};

/// A story: what shoppers did, how the network behaved, and what everybody must see in the end.
///
/// ```
/// use holdall_testkit::scenario::{tell, Options, Story};
/// let story = Story::parse(r#"
/// name = "two phones add the same tee"
/// steps = [
///   { at = "phone",  cart = "home", add = { sku = "TEE", quantity = 2 } },
///   { at = "tablet", cart = "home", add = { sku = "TEE" } },
/// ]
/// [[expect]]
/// cart = "home"
/// lines = [ { sku = "TEE", quantity = 3 } ]
/// "#)?;
/// assert!(tell(&story, &Options::default()).is_ok());
/// # Ok::<(), holdall_testkit::scenario::StoryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Story {
    /// What it is called.
    pub name: String,
    /// Where it comes from.
    pub why: Option<String>,
    pub(crate) ceiling: Option<u64>,
    pub(crate) steps: Vec<StoryStep>,
    pub(crate) expect: Vec<ExpectView>,
}

impl Story {
    /// Returns the story without the steps in which only a moment passes.
    pub(crate) fn without_idle_steps(&self) -> Self {
        let mut story = self.clone();
        story.steps.retain(|step| !matches!(step.verb, StepKind::Advance { ms: 0 }));
        story
    }
}

/// A step, and the line of the file it is on.
#[derive(Debug, Clone)]
pub(crate) struct StoryStep {
    pub(crate) line: usize,
    pub(crate) fails: Option<String>,
    pub(crate) verb: StepKind,
}

#[derive(Debug, Clone)]
pub(crate) enum StepKind {
    /// Something a shopper or server does to a cart.
    Act {
        at: String,
        cart: String,
        act: StoryAct,
    },
    Sync(Option<Vec<String>>),
    Send {
        from: String,
        to: String,
        again: bool,
    },
    Restart(String),
    Lose(String),
    Authority(bool),
    Clock {
        at: String,
        skew_ms: i64,
    },
    Advance {
        ms: u64,
    },
    Expect(ExpectView),
}

/// Act of a shopper or a server on a cart.
#[derive(Debug, Clone)]
pub(crate) enum StoryAct {
    /// One of the shopper's verbs.
    Shop(StoryAction),
    /// A guest cart is merged into this one.
    Merge { guest: String, policy: MergePolicy },
    /// A merge is taken back.
    Unmerge { guest: String },
    /// An order buys what the replica shows in the active list.
    Order { id: String },
    /// A server lets everything expire that the replica shows.
    Expire,
    /// A server erases the cart.
    Erase,
}

#[derive(Debug, Clone)]
pub(crate) struct ExpectView {
    pub(crate) line: usize,
    pub(crate) at: Option<String>,
    pub(crate) cart: String,
    /// The rows of the active and the saved list, if the story says anything of rows.
    pub(crate) rows: Option<[Vec<ExpectRow>; 2]>,
    pub(crate) coupons: Option<Vec<CouponCode>>,
    pub(crate) shipping: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) orders: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(crate) struct ExpectRow {
    pub(crate) key: LineKey,
    pub(crate) quantity: u64,
    pub(crate) side: Option<SideName>,
    pub(crate) note: Option<String>,
    pub(crate) gift: Option<(Option<bool>, Option<String>)>,
    pub(crate) attributes: Option<BTreeMap<String, String>>,
    pub(crate) question: Option<bool>,
    pub(crate) because: Option<String>,
}

impl ExpectView {
    /// Expects the rows of a cart's active and saved list, at every site.
    pub(crate) fn of_rows(cart: &str, rows: [Vec<ExpectRow>; 2]) -> Self {
        Self {
            line: 0,
            at: None,
            cart: cart.into(),
            rows: Some(rows),
            coupons: None,
            shipping: None,
            note: None,
            orders: None,
        }
    }
}

impl ExpectRow {
    /// Expects a row with a number of units, whatever else the row has.
    pub(crate) fn of_units(key: &LineKey, quantity: u64, side: Option<SideName>) -> Self {
        Self {
            key: key.clone(),
            quantity,
            side,
            note: None,
            gift: None,
            attributes: None,
            question: None,
            because: None,
        }
    }
}

/// A file that is not a valid story: the line, what is wrong with which key, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct StoryError {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}
