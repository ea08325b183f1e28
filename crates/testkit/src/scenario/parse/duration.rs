//! Times, as stories write them.

use super::parsed::Parsed;

/// Parses a duration, such as "90s", "10m", "-2h", "1d", "250ms" or "1h30m". Returns milliseconds.
pub(super) fn duration(text: &str) -> Parsed<i64> {
    let wrong = || format!("{text:?} is not a time such as \"10m\", \"-2h\" or \"1d\"");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return Err(wrong()),
        };
        rest = &rest[letters..];
        sum = number.checked_mul(unit).and_then(|ms| sum.checked_add(ms)).ok_or_else(wrong)?;
    }
    // A thousand years is more than any story needs, and keeps sums of times from overflowing.
    if text.trim_start_matches(['+', '-']).is_empty() || sum > 1_000 * 31_536_000_000 {
        return Err(wrong());
    }
    Ok(sign * sum)
}
