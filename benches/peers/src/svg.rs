//! A drawing: what a request costs against the edits the cart has had. Both axes are logarithmic.

use std::fmt::Write as _;

use crate::report::Report;
use crate::subjects::NAMES;
use crate::workloads::requests::{AGES, CROWDED};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 470.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 610.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 400.0;
/// Told apart in print and by most eyes.
const COLOURS: [&str; 6] = ["#d55e00", "#0072b2", "#009e73", "#56b4e9", "#cc79a7", "#777777"];
/// The crowded cart has about so many edits.
const CROWDED_EDITS: f64 = 1_750.0;

/// The drawing, if there is anything to draw.
pub fn draw(report: &Report) -> Option<String> {
    let points = |subject: &str| -> Vec<(f64, f64)> {
        let at = |(edits, name): &(usize, &str)| {
            Some((*edits as f64, report.value("W4", name, subject)?))
        };
        AGES.iter().filter_map(at).collect()
    };
    let all: Vec<(f64, f64)> = NAMES.iter().flat_map(|name| points(name)).collect();
    let least = all.iter().map(|point| point.1).min_by(f64::total_cmp)?.log10().floor();
    let most = all.iter().map(|point| point.1).max_by(f64::total_cmp)?.log10().ceil();
    let (first, last) = (AGES[0].0 as f64, AGES[AGES.len() - 1].0 as f64);
    let x = |edits: f64| LEFT + (RIGHT - LEFT) * (edits / first).log10() / (last / first).log10();
    let y = |cost: f64| BOTTOM - (BOTTOM - TOP) * (cost.log10() - least) / (most - least).max(1.0);

    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>
<text x="{LEFT}" y="28" font-size="16">A request on a cart of 50 lines: load, apply, read, save</text>"#
    );
    for power in least as i32..=most as i32 {
        let (cost, text) = (y(10f64.powi(power)), label(power));
        let _ = writeln!(
            out,
            r##"<line x1="{LEFT}" y1="{cost:.1}" x2="{RIGHT}" y2="{cost:.1}" stroke="#ddd"/>
<text x="{:.1}" y="{:.1}" text-anchor="end">{text}</text>"##,
            LEFT - 8.0,
            cost + 4.0
        );
    }
    for (edits, name) in AGES {
        let text = name.split(", ").nth(1).unwrap_or(name).trim_end_matches(" edits");
        let (edits, below) = (x(edits as f64), BOTTOM + 20.0);
        let _ = writeln!(
            out,
            r##"<line x1="{edits:.1}" y1="{BOTTOM}" x2="{edits:.1}" y2="{TOP}" stroke="#eee"/>
<text x="{edits:.1}" y="{below}" text-anchor="middle">{text}</text>"##
        );
    }
    let _ = writeln!(
        out,
        r#"<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="black"/>
<text x="{:.1}" y="{:.1}" text-anchor="middle">edits the cart has had (filled); 1,000 and 500 devices more with one or two each (hollow)</text>
<text transform="translate(18 {:.1}) rotate(-90)" text-anchor="middle">time of a request</text>"#,
        (LEFT + RIGHT) / 2.0,
        BOTTOM + 48.0,
        (TOP + BOTTOM) / 2.0
    );
    let mut legend = TOP + 10.0;
    for (subject, colour) in NAMES.iter().zip(COLOURS) {
        let points = points(subject);
        if points.is_empty() {
            continue;
        }
        let path: Vec<String> = points
            .iter()
            .map(|(edits, cost)| format!("{:.1},{:.1}", x(*edits), y(*cost)))
            .collect();
        let _ = writeln!(
            out,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
            path.join(" ")
        );
        for (edits, cost) in &points {
            let (x, y) = (x(*edits), y(*cost));
            let _ = writeln!(out, r#"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="{colour}"/>"#);
        }
        if let Some(cost) = report.value("W4", CROWDED, subject) {
            let (x, y) = (x(CROWDED_EDITS), y(cost));
            let _ = writeln!(
                out,
                r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="white" stroke="{colour}" stroke-width="2"/>"#
            );
        }
        let _ = writeln!(
            out,
            r#"<line x1="{}" y1="{legend}" x2="{}" y2="{legend}" stroke="{colour}" stroke-width="3"/>
<text x="{}" y="{}">{subject}</text>"#,
            RIGHT + 20.0,
            RIGHT + 45.0,
            RIGHT + 52.0,
            legend + 4.0
        );
        legend += 22.0;
    }
    out.push_str("</svg>\n");
    Some(out)
}

/// A power of ten of microseconds.
fn label(power: i32) -> String {
    match power {
        ..0 => format!("{} ns", 10u32.pow(3u32.saturating_sub(power.unsigned_abs()))),
        0..3 => format!("{} us", 10u32.pow(power.unsigned_abs())),
        3..6 => format!("{} ms", 10u32.pow(power.unsigned_abs() - 3)),
        _ => format!("{} s", 10u32.pow(power.unsigned_abs() - 6)),
    }
}
