//! Bars: durable adds a second by design, for each number of clients, on a scale of powers of ten.

use super::CLIENTS;
use super::report::Report;

const COLOURS: [&str; 5] = ["#0b6e4f", "#5fb49c", "#33658a", "#c44536", "#e09f3e"];
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 380.0;
const TOP: f64 = 40.0;
const FLOOR: f64 = 300.0;
const LEFT: f64 = 70.0;
/// The scale goes from the first to the last of these powers of ten.
const DECADES: [i32; 2] = [2, 6];

pub fn draw(report: &Report) -> String {
    let rows = report.rows();
    let mut names: Vec<&str> = Vec::new();
    for row in &rows {
        if !names.contains(&row.name) {
            names.push(row.name);
        }
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">Durable adds a second, by design and clients</text>\n"
    );
    for power in DECADES[0]..=DECADES[1] {
        let y = height(10_f64.powi(power));
        let label = format!("10<tspan dy=\"-5\" font-size=\"9\">{power}</tspan>");
        svg += &format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
            WIDTH - 20.0,
            LEFT - 10.0,
            y + 4.0
        );
    }
    let group = (WIDTH - LEFT - 20.0) / CLIENTS.len() as f64;
    let bar = group / (names.len() as f64 + 1.0);
    for (at, clients) in CLIENTS.iter().enumerate() {
        let left = LEFT + at as f64 * group + bar / 2.0;
        for row in rows.iter().filter(|row| row.clients == *clients) {
            let place = names.iter().position(|name| *name == row.name).unwrap_or(0);
            let (x, y) = (left + place as f64 * bar, height(row.a_second));
            svg += &format!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"10\">{:.0}</text>\n",
                bar * 0.9,
                FLOOR - y,
                COLOURS[place % COLOURS.len()],
                x + bar * 0.45,
                y - 4.0,
                row.a_second
            );
        }
        let middle = left + group / 2.0 - bar / 2.0;
        let noun = if *clients == 1 { "client" } else { "clients" };
        svg += &format!(
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{clients} {noun}</text>\n",
            FLOOR + 18.0
        );
    }
    for (at, name) in names.iter().enumerate() {
        let (x, y) = (LEFT + (at % 3) as f64 * 220.0, FLOOR + 42.0 + (at / 3) as f64 * 20.0);
        svg += &format!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{y:.1}\">{name}</text>\n",
            y - 10.0,
            COLOURS[at % COLOURS.len()],
            x + 18.0
        );
    }
    svg + "</svg>\n"
}

fn height(a_second: f64) -> f64 {
    let [low, high] = DECADES.map(f64::from);
    let part = ((a_second.max(1.0).log10() - low) / (high - low)).clamp(0.0, 1.0);
    FLOOR - part * (FLOOR - TOP)
}
