//! The report: a text for people, or data.

use std::io::{self, Write};

use serde::Serialize;

use super::designs::{DesignEntry, OURS};
use super::event::TraceOddities;
use super::judge::{DesignScore, DesignVerdict};
use super::model::ConflictCounts;
use super::party::TraceOrigin;
use super::play::{ActionCounts, ReplayOutcome};
use super::schedule::FaultCounts;

/// A replay's result with what it was made from.
pub(crate) struct ReplayReport {
    /// The file, or what stood in for it.
    pub(crate) source: String,
    /// Where the events come from.
    pub(crate) origin: TraceOrigin,
    /// The rows that were read.
    pub(crate) events: u64,
    /// The number of users.
    pub(crate) users: usize,
    /// The number of regions.
    pub(crate) regions: u32,
    /// The seed.
    pub(crate) seed: u64,
    /// The designs.
    pub(crate) entries: &'static [DesignEntry],
    /// What they came to.
    pub(crate) outcome: ReplayOutcome,
}

/// Report as data.
#[derive(Serialize)]
struct ReportData<'a> {
    source: &'a str,
    seed: u64,
    regions: u32,
    events: u64,
    users: usize,
    carts: u64,
    devices: u64,
    replicas: u64,
    deltas: u64,
    bytes: u64,
    exchanges: u64,
    exchange_bytes: u64,
    refused: u64,
    units: u64,
    actions: ActionCounts,
    conflicts: ConflictCounts,
    faults: FaultCounts,
    oddities: TraceOddities,
    assumptions: Vec<&'static str>,
    designs: Vec<ReportRow<'a>>,
}

/// One design's line.
#[derive(Serialize)]
struct ReportRow<'a> {
    design: &'a str,
    #[serde(flatten)]
    verdict: DesignVerdict,
}

impl ReplayReport {
    /// Returns the assumptions that the report must state.
    fn assumptions(&self) -> Vec<&'static str> {
        let mut all = vec![
            "each session is taken for a device of its user; the trace does not say which devices \
             there were",
            "three in ten of a user's sessions start as a guest's, who signs in before buying",
            "a remove takes out the whole line as its device shows it",
            "four in ten repeated adds of a line set the new number, as the stepper on a cart \
             page does",
        ];
        match self.origin {
            TraceOrigin::Clicks => all.push(
                "purchase rows of one session and second are one \
             order of all that its device shows",
            ),
            TraceOrigin::Invoices => all.extend([
                "the data has invoices, not clicks: a line adds its quantity, one to four seconds \
                 after the line before",
                "three in four invoices are bought at their end, the others stay in the cart",
                "a cancellation takes its quantity off the line if the cart still shows it",
                "a line without a customer belongs to a guest of its invoice, who never signs in",
            ]),
        }
        all
    }

    fn rows(&self) -> impl Iterator<Item = (&DesignEntry, &DesignScore)> {
        self.entries.iter().zip(&self.outcome.scores)
    }

    /// Returns the library's own score; zeros if it did not take part.
    fn own(&self) -> DesignScore {
        self.rows()
            .find(|(entry, _)| entry.name == OURS)
            .map_or_else(DesignScore::default, |(_, score)| *score)
    }

    /// Returns true if this library took part and kept its promise.
    pub(crate) fn is_right(&self) -> bool {
        let is_right = |score: &DesignScore| score.verdict.is_right() && score.traffic.refused == 0;
        self.rows().any(|(entry, score)| entry.name == OURS && is_right(score))
    }

    /// Writes one JSON object.
    pub(crate) fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        let (outcome, traffic) = (&self.outcome, self.own().traffic);
        let data = ReportData {
            source: &self.source,
            seed: self.seed,
            regions: self.regions,
            events: self.events,
            users: self.users,
            carts: outcome.carts,
            devices: outcome.devices,
            replicas: traffic.replicas,
            deltas: traffic.deltas,
            bytes: traffic.delta_bytes,
            exchanges: traffic.parcels,
            exchange_bytes: traffic.parcel_bytes,
            refused: traffic.refused,
            units: outcome.units,
            actions: outcome.actions,
            conflicts: outcome.conflicts,
            faults: outcome.faults,
            oddities: outcome.oddities,
            assumptions: self.assumptions(),
            designs: self
                .rows()
                .map(|(entry, score)| ReportRow { design: entry.name, verdict: score.verdict })
                .collect(),
        };
        serde_json::to_writer_pretty(&mut out, &data)?;
        writeln!(out)
    }

    /// Writes the text.
    pub(crate) fn write_text(&self, mut out: impl Write) -> io::Result<()> {
        self.write_what_happened(&mut out)?;
        self.write_network(&mut out)?;
        let conflicts: Vec<(u64, &str)> = self
            .outcome
            .conflicts
            .clone()
            .each()
            .into_iter()
            .map(|(count, text)| (*count, text))
            .collect();
        writeln!(out, "\nActions that met others they had not seen:")?;
        write_counts(&mut out, &conflicts)?;
        let oddities = self.outcome.oddities.described();
        if !oddities.is_empty() {
            writeln!(out, "\nWarts of the trace:")?;
            write_counts(&mut out, &oddities)?;
        }
        writeln!(out, "\nAssumptions:")?;
        for assumption in self.assumptions() {
            writeln!(out, "  {assumption}")?;
        }
        self.write_table(&mut out)
    }

    fn write_what_happened(&self, out: &mut impl Write) -> io::Result<()> {
        let (outcome, traffic) = (&self.outcome, self.own().traffic);
        let actions = outcome.actions;
        writeln!(
            out,
            "{}: {} events of {} users",
            self.source,
            grouped(self.events),
            grouped(self.users as u64)
        )?;
        writeln!(
            out,
            "  {} carts, {} devices, {} regions, seed {}",
            grouped(outcome.carts),
            grouped(outcome.devices),
            self.regions,
            self.seed
        )?;
        writeln!(
            out,
            "  {} adds, {} sets, {} removes, {} orders, {} sign-ins; {} units in carts at the end",
            grouped(actions.adds),
            grouped(actions.sets),
            grouped(actions.removes),
            grouped(actions.orders),
            grouped(actions.sign_ins),
            grouped(outcome.units)
        )?;
        if traffic.deltas > 0 {
            writeln!(
                out,
                "  {} replicas, {} deltas of {} bytes ({:.1} each), {} exchanges of {} bytes",
                grouped(traffic.replicas),
                grouped(traffic.deltas),
                grouped(traffic.delta_bytes),
                traffic.delta_bytes as f64 / traffic.deltas as f64,
                grouped(traffic.parcels),
                grouped(traffic.parcel_bytes)
            )?;
        }
        Ok(())
    }

    fn write_network(&self, out: &mut impl Write) -> io::Result<()> {
        let faults = self.outcome.faults;
        writeln!(out, "\nThe network and the machines:")?;
        write_counts(
            out,
            &[
                (faults.requests_lost, "requests lost and sent again"),
                (faults.answers_lost, "answers lost, so that the request was sent again"),
                (faults.delivered_again, "actions that arrived more often than once"),
                (faults.overtaken, "actions overtaken by a later one of their device"),
                (faults.devices_offline, "devices offline for minutes"),
                (faults.device_restarts, "restarts of devices"),
                (faults.cut_off, "exchanges put off because a region was cut off"),
                (faults.exchanges_lost, "exchanges lost and sent again"),
                (faults.exchanges_doubled, "exchanges that arrived twice"),
                (faults.region_restarts, "restarts of regions while a cart was in use"),
                (faults.evictions, "carts dropped from a cache"),
                (faults.sign_ins_again, "sign-ins handled more often than once"),
            ],
        )
    }

    fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        let refused = self.own().traffic.refused;
        if refused > 0 {
            writeln!(
                out,
                "\n{OURS} refused {} actions on lines that it should have shown",
                grouped(refused)
            )?;
        }
        writeln!(
            out,
            "\nUnits, by each cart's worst region; carts that differ between regions:\n"
        )?;
        writeln!(
            out,
            "{:<16}{:>12}{:>12}{:>14}{:>12}",
            "design", "lost", "doubled", "brought back", "diverged"
        )?;
        for (entry, score) in self.rows() {
            let DesignVerdict { lost, doubled, resurrected, diverged } = score.verdict;
            let [lost, doubled, resurrected, diverged] =
                [lost, doubled, resurrected, diverged].map(grouped);
            writeln!(
                out,
                "{:<16}{lost:>12}{doubled:>12}{resurrected:>14}{diverged:>12}   {}",
                entry.name, entry.about
            )?;
        }
        Ok(())
    }
}

/// Counts with their descriptions; those that are zero are left out.
fn write_counts(out: &mut impl Write, counts: &[(u64, &str)]) -> io::Result<()> {
    for (count, text) in counts.iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{:>12}  {text}", grouped(*count))?;
    }
    if counts.iter().all(|(count, _)| *count == 0) {
        writeln!(out, "{:>12}", "none")?;
    }
    Ok(())
}

/// Formats a number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 12, 123, 1234, 1_234_567].map(grouped),
            ["0", "12", "123", "1,234", "1,234,567"]
        );
    }
}
