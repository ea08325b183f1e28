//! What came out: a table, and the same as JSON.

use std::collections::BTreeMap;

use super::CLIENTS;
use super::subject::Spell;

/// Spells by clients and subject, in the order in which subjects came first.
#[derive(Default)]
pub struct Report {
    names: Vec<&'static str>,
    spells: BTreeMap<(usize, usize), Vec<Spell>>,
}

/// The numbers of a subject with so many clients: each the median of its rounds.
#[derive(Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    pub clients: usize,
    pub a_second: f64,
    pub p50_us: u32,
    pub p99_us: u32,
}

impl Report {
    pub fn add(&mut self, name: &'static str, clients: usize, spell: Spell) {
        let at = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        self.spells.entry((clients, at)).or_default().push(spell);
    }

    pub fn rows(&self) -> Vec<Row> {
        self.spells
            .iter()
            .map(|((clients, at), spells)| {
                let rate = |spell: &Spell| spell.micros.len() as f64 / spell.seconds;
                let part = |spell: &Spell, of: usize| spell.micros[spell.micros.len() * of / 100];
                Row {
                    name: self.names[*at],
                    clients: *clients,
                    a_second: median(spells.iter().map(rate).collect()),
                    p50_us: median(spells.iter().map(|one| f64::from(part(one, 50))).collect())
                        as u32,
                    p99_us: median(spells.iter().map(|one| f64::from(part(one, 99))).collect())
                        as u32,
                }
            })
            .collect()
    }

    /// How many times as many adds the first subject does as another one.
    fn ratio(rows: &[Row], clients: usize, of: &str, over: &str) -> f64 {
        let rate = |name: &str| {
            let row = rows.iter().find(|row| row.clients == clients && row.name == name);
            row.map_or(f64::NAN, |row| row.a_second)
        };
        rate(of) / rate(over)
    }

    /// The goals: what, against which design, with how many clients, the ratio, and what it should be.
    fn goals(&self) -> Vec<(&'static str, &'static str, usize, f64, f64)> {
        let rows = self.rows();
        let mut goals = Vec::new();
        let (ours, row) = ("holdall, embedded store", "PostgreSQL, row and keys");
        for clients in CLIENTS {
            goals.push((ours, row, clients, Self::ratio(&rows, clients, ours, row), 10.0));
        }
        let redis = "Redis hash, AOF always";
        goals.push((ours, redis, 64, Self::ratio(&rows, 64, ours, redis), 2.0));
        let level = "holdall, PostgreSQL store";
        for clients in CLIENTS {
            goals.push((level, row, clients, Self::ratio(&rows, clients, level, row), 1.0));
        }
        // What was left out is neither met nor not.
        goals.retain(|(.., ratio, _)| !ratio.is_nan());
        goals
    }

    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<26} {:>8} {:>12} {:>10} {:>10}\n",
            "durable adds", "clients", "a second", "p50 us", "p99 us"
        );
        for row in self.rows() {
            text += &format!(
                "{:<26} {:>8} {:>12.0} {:>10} {:>10}\n",
                row.name, row.clients, row.a_second, row.p50_us, row.p99_us
            );
        }
        text += &format!(
            "\n{:<26} {:<26} {:>8} {:>8} {:>6}\n",
            "goals", "against", "clients", "ratio", "goal"
        );
        for (of, over, clients, ratio, goal) in self.goals() {
            let met = if ratio >= goal { "met" } else { "not met" };
            text += &format!("{of:<26} {over:<26} {clients:>8} {ratio:>8.2} {goal:>6.1}  {met}\n");
        }
        text
    }

    pub fn json(&self) -> String {
        let rows = self.rows().into_iter().map(|row| {
            serde_json::json!({
                "subject": row.name, "clients": row.clients, "adds_a_second": row.a_second,
                "p50_us": row.p50_us, "p99_us": row.p99_us,
            })
        });
        let goals = self.goals().into_iter().map(|(of, over, clients, ratio, goal)| {
            serde_json::json!({
                "subject": of, "against": over, "clients": clients, "ratio": ratio, "goal": goal,
                "met": ratio >= goal,
            })
        });
        let all: Vec<_> = rows.chain(goals).collect();
        serde_json::Value::Array(all).to_string()
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
