//! Explanations of the quantities that a cart shows, in JSON and in sentences.

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

/// The explanation of a line.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplainedBody {
    /// The id of the whole line.
    line: String,
    #[serde(flatten)]
    #[schema(value_type = LineIdentity)]
    identity: LineKey,
    /// The rows of the line, each with the parts that add up to its quantity.
    rows: Vec<ExplainedRow>,
    /// Contributions that no row counts, each with its reason.
    hidden: Vec<PartBody>,
    /// The explanation in plain English sentences.
    sentences: Vec<String>,
}

/// The explanation of a row: the sum of the parts' `counts`, less `over_ceiling`, is `quantity`.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplainedRow {
    /// The row's id.
    line: String,
    /// The list that contains the row.
    list: ListName,
    /// The quantity shown.
    quantity: u64,
    /// The number of units above the ceiling, which are not shown.
    over_ceiling: u64,
    /// The contributions that the row counts.
    parts: Vec<PartBody>,
}

/// A contribution to a line, and how much of it counts.
#[derive(Serialize, ToSchema)]
pub(super) struct PartBody {
    /// The id of the replica that wrote the action.
    by: String,
    /// The sequence number of the action among those of its writer.
    seq: u64,
    /// The time of the action, in milliseconds since 1970.
    at_ms: u64,
    /// The id of the guest cart that the action was written in, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<String>,
    /// True if the action set the quantity, false if it added units.
    set: bool,
    /// Quantity asked for.
    asked: u32,
    /// The number of units that the action adds to the row.
    counts: u32,
    /// The reasons why `counts` differs from `asked`: objects with a `reason` each.
    #[schema(value_type = Vec<Object>)]
    reasons: serde_json::Value,
}

/// The names of devices that the caller knows. Other devices are named by the start of their id.
pub(super) struct DeviceNames(pub(super) BTreeMap<ReplicaId, String>);

impl Phrasing for DeviceNames {
    fn device(&self, replica: ReplicaId) -> String {
        self.0.get(&replica).cloned().unwrap_or_else(|| PlainPhrasing.device(replica))
    }

    fn time(&self, time: Time) -> String {
        PlainPhrasing.time(time)
    }
}

/// Returns the explanation of a line as a JSON body.
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

/// Returns a reason as JSON. Its time, if any, is in milliseconds since 1970.
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

    /// The library's JSON of a time contains a counter; the service's does not.
    #[test]
    fn times_are_milliseconds() {
        let order = OrderId::new("o-1").expect("an id");
        let reason = Reason::NotInOrder { order, time: Time::from_bits((7 << 16) | 3) };
        let expected = json!({"reason": "not-in-order", "order": "o-1", "time": 7});
        assert_eq!(reason_json(&reason), expected);
        assert_eq!(reason_json(&Reason::NotMerged), json!({"reason": "not-merged"}));
    }
}
