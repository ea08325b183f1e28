//! Notices and explanations as English sentences.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::explain::{ExplainedContribution, Explanation, Reason, RowExplanation};
use super::rows::{Notice, row_name};
use crate::cart::List;
use crate::clock::Time;
use crate::id::{LineKey, ReplicaId};

/// The names of devices and the format of times in sentences.
pub trait Phrasing {
    /// Returns the name of a device as its owner would call it, such as "your phone".
    fn device(&self, replica: ReplicaId) -> String;

    /// Returns a time of day as text.
    fn time(&self, time: Time) -> String;
}

/// A phrasing without knowledge of devices: the first eight digits of a device's id, and times as
/// hours and minutes in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainPhrasing;

impl Phrasing for PlainPhrasing {
    fn device(&self, replica: ReplicaId) -> String {
        let mut name = replica.to_string();
        name.truncate(8);
        format!("device {name}")
    }

    fn time(&self, time: Time) -> String {
        let minutes = time.ms() / 60_000;
        format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
    }
}

/// Formats the notice as one sentence.
///
/// ```
/// use holdall::{LineKey, Notice};
/// let notice = Notice::Ceiling { line: LineKey::sku("TEE")?, asked: 12, shown: 10 };
/// assert_eq!(notice.to_string(), "TEE: 12 were asked for, 10 is the most.");
/// # Ok::<(), holdall::LineError>(())
/// ```
impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ceiling { line, asked, shown } => {
                write!(f, "{line}: {asked} were asked for, {shown} is the most.")
            }
            Self::Question { line } => write!(f, "{line}: a merge asks which side to keep."),
            Self::PolicyUnavailable { line, rule } => write!(
                f,
                "{line}: the rule {rule} of a merge is not here; both sides are shown, and none can be ordered."
            ),
            Self::NeedsUpgrade { line: Some(line) } => {
                write!(f, "{line}: a later version wrote what cannot be read here.")
            }
            Self::NeedsUpgrade { line: None } => {
                f.write_str("A later version wrote what cannot be read here.")
            }
            Self::ConcurrentOrders { orders, lines } => {
                let lines: Vec<String> = lines.iter().map(LineKey::to_string).collect();
                write!(
                    f,
                    "Orders {} bought the same units of {}.",
                    listed(orders),
                    lines.join("; ")
                )
            }
            Self::Currencies { currencies } => {
                write!(f, "Prices were seen in {}: quote again.", listed(currencies))
            }
        }
    }
}

/// Returns the items as text, separated by commas.
fn listed(all: &[impl fmt::Display]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

impl Explanation {
    /// Returns one sentence for each row, then one or more for each contribution with a reason to
    /// report.
    ///
    /// ```
    /// use holdall::view::PlainPhrasing;
    /// use holdall::{CartId, LineKey, Quantity, Registry, Replica, ReplicaId, explain};
    /// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
    /// phone.add(36_060_000, &LineKey::sku("TEE")?, Quantity::new(2)?, None)?;
    /// let all = explain(phone.cart(), &Registry::default(), &Default::default());
    /// let expected = ["TEE: 2, from 2 added on device 00000000 at 10:01."];
    /// assert_eq!(all[0].sentences(&PlainPhrasing), expected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sentences(&self, names: &impl Phrasing) -> Vec<String> {
        // Rows first, then the remarks on their contributions, then the hidden contributions.
        let rows = self.rows.iter().map(|row| row_sentence(row, names));
        let parts = self.rows.iter().flat_map(|row| &row.parts);
        let remarks = parts.filter_map(|part| remark(part, names));
        let hidden = self.hidden.iter().filter_map(|part| remark(part, names));
        rows.chain(remarks).chain(hidden).collect()
    }
}

/// Returns the sentence about a row: its quantity, its contributions and its merge rule.
fn row_sentence(row: &RowExplanation, names: &impl Phrasing) -> String {
    let parts: Vec<String> = row.parts.iter().map(|part| origin(part, names)).collect();
    let mut sentence =
        format!("{}: {}, from {}", row_name(&row.row), row.quantity, parts.join(" and "));
    if row.over_ceiling > 0 {
        sentence.push_str(&format!(", less {} over the ceiling", row.over_ceiling));
    }
    if let Some(rule) = &row.row.because {
        sentence.push_str(&format!(", merged by {}", rule.name));
    }
    if row.row.question {
        sentence.push_str("; which of the two do you want to keep?");
    } else {
        sentence.push('.');
    }
    sentence
}

/// Returns the origin of a contribution, such as "2 added on your phone at 10:01".
fn origin(part: &ExplainedContribution, names: &impl Phrasing) -> String {
    let device = names.device(part.by);
    let time = names.time(part.time);
    let cart = if part.guest.is_some() { " in the guest cart" } else { "" };
    if part.set && part.counts != part.asked {
        return format!("{} of {} set on {device}{cart} at {time}", part.counts, part.asked);
    }
    let verb = if part.set { "set" } else { "added" };
    format!("{} {verb} on {device}{cart} at {time}", part.asked)
}

/// Returns the sentences about a contribution, or `None` without a reason to report.
fn remark(part: &ExplainedContribution, names: &impl Phrasing) -> Option<String> {
    let told: Vec<String> =
        part.reasons.iter().filter_map(|reason| told(part, reason, names)).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// Returns the sentence about one reason, or `None` for a reason that needs no sentence.
fn told(part: &ExplainedContribution, reason: &Reason, names: &impl Phrasing) -> Option<String> {
    let (device, at) = (names.device(part.by), names.time(part.time));
    let asked = part.asked;
    Some(match reason {
        Reason::Superseded { by, time, asked: shown, .. } => format!(
            "You set {asked} on {device} at {at}; {shown} from {} ({}) is shown.",
            names.device(*by),
            names.time(*time)
        ),
        Reason::Ordered { order, units } => format!(
            "You asked for {asked}; {units} were ordered ({order}); {} remain.",
            asked.saturating_sub(*units)
        ),
        Reason::Covered { units, .. } => format!(
            "Of {asked} set on {device} at {at}, {units} were counted in the account's number already."
        ),
        Reason::Hidden { rule, because } => format!(
            "{} is not shown, by the rule {}, because {because}.",
            origin_hidden(part, names),
            rule.name
        ),
        Reason::Parked { rule } => format!(
            "{} is saved for later: the merge was by the rule {}.",
            origin_hidden(part, names),
            rule.name
        ),
        Reason::Moved { to: List::Saved } => {
            format!("{} was saved for later.", origin_hidden(part, names))
        }
        Reason::Moved { to: List::Active } => {
            format!("{} was moved to the cart.", origin_hidden(part, names))
        }
        Reason::NotInOrder { time, .. } => format!(
            "{asked} added on {device} before your order of {}; not part of that order.",
            names.time(*time)
        ),
        Reason::NotMerged => {
            format!("{} belongs to a guest cart that is not merged.", origin_hidden(part, names))
        }
        Reason::Kept { .. } => return None,
    })
}

/// Returns the origin of a contribution with the quantity asked for, even if none of it counts.
fn origin_hidden(part: &ExplainedContribution, names: &impl Phrasing) -> String {
    origin(&ExplainedContribution { counts: part.asked, ..part.clone() }, names)
}
