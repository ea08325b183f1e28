//! Why a cart shows what it shows, in JSON and in sentences.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::cart_body::id_of;
use super::cart_body::{LineIdentity, ListName};
use holdall::clock::Time;
use holdall::id::{LineKey, ReplicaId};
use holdall::view::{
    ExplainedContribution, Explanation, Phrasing, PlainPhrasing, Reason, RowExplanation,
};

/// A line, explained.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplainedBody {
    /// The line's id, whole.
    line: String,
    #[serde(flatten)]
    #[schema(value_type = LineIdentity)]
    identity: LineKey,
    /// Its rows, each with the parts that add up to it.
    rows: Vec<ExplainedRow>,
    /// Contributions that no row shows, each with its reason.
    hidden: Vec<PartBody>,
    /// The same in plain sentences.
    sentences: Vec<String>,
}

/// A row, explained: the parts' `counts` less `over_ceiling` add up to `quantity`.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplainedRow {
    /// The row's id.
    line: String,
    /// Its list.
    list: ListName,
    /// What is shown.
    quantity: u64,
    /// What the ceiling cuts off.
    over_ceiling: u64,
    /// The parts that count.
    parts: Vec<PartBody>,
}

/// A contribution and its fate.
#[derive(Serialize, ToSchema)]
pub(super) struct PartBody {
    /// Who wrote it: a replica's id.
    by: String,
    /// The number of this action among that writer's.
    seq: u64,
    /// When, in milliseconds since 1970.
    at_ms: u64,
    /// The guest cart it was written in, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<String>,
    /// Whether it was "make it n" rather than "n more".
    set: bool,
    /// The n.
    asked: u32,
    /// How many it brings to the row.
    counts: u32,
    /// Why, if there is more to say than that it was put in: each an object with its `reason`.
    #[schema(value_type = Vec<Object>)]
    reasons: serde_json::Value,
}

/// Names of the devices that the caller knows; the others by the beginning of their id.
pub(super) struct DeviceNames(pub(super) BTreeMap<ReplicaId, String>);

impl Phrasing for DeviceNames {
    fn device(&self, replica: ReplicaId) -> String {
        self.0.get(&replica).cloned().unwrap_or_else(|| PlainPhrasing.device(replica))
    }

    fn time(&self, time: Time) -> String {
        PlainPhrasing.time(time)
    }
}

pub(super) fn explained_body(explanation: &Explanation, names: &DeviceNames) -> ExplainedBody {
    ExplainedBody {
        line: id_of(&explanation.line, None),
        identity: explanation.line.clone(),
        rows: explanation.rows.iter().map(ExplainedRow::from).collect(),
        hidden: explanation.hidden.iter().map(PartBody::from).collect(),
        sentences: explanation.sentences(names),
    }
}

impl From<&RowExplanation> for ExplainedRow {
    fn from(row: &RowExplanation) -> Self {
        Self {
            line: id_of(&row.row.line, row.side),
            list: row.list.into(),
            quantity: row.quantity,
            over_ceiling: row.over_ceiling,
            parts: row.parts.iter().map(PartBody::from).collect(),
        }
    }
}

impl From<&ExplainedContribution> for PartBody {
    fn from(part: &ExplainedContribution) -> Self {
        Self {
            by: part.by.to_string(),
            seq: part.dot.seq,
            at_ms: part.time.ms(),
            guest: part.guest.map(|guest| guest.to_string()),
            set: part.set,
            asked: part.asked,
            counts: part.counts,
            reasons: part.reasons.iter().map(reason_json).collect(),
        }
    }
}

/// A reason as JSON. Its time, if it has one, is in milliseconds since 1970, as elsewhere in an
/// answer.
fn reason_json(reason: &Reason) -> serde_json::Value {
    // Enums of numbers and texts: each has a JSON form.
    let mut json = serde_json::to_value(reason).unwrap_or_default();
    if let Reason::Superseded { time, .. } | Reason::NotInOrder { time, .. } = reason {
        json["time"] = time.ms().into();
    }
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use holdall::id::OrderId;

    /// The library's own JSON of a time has its counter too.
    #[test]
    fn times_are_milliseconds() {
        let order = OrderId::new("o-1").expect("an id");
        let reason = Reason::NotInOrder { order, time: Time::from_bits((7 << 16) | 3) };
        let expected = json!({"reason": "not-in-order", "order": "o-1", "time": 7});
        assert_eq!(reason_json(&reason), expected);
        assert_eq!(reason_json(&Reason::NotMerged), json!({"reason": "not-merged"}));
    }
}
