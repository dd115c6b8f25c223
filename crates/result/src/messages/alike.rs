//! The text of findings that say the same of several repeats.

use workbench_record::Finding;

use super::numbers::decimals;

/// One finding for all.
pub(crate) fn folded(first: &Finding, rest: &[&Finding]) -> Finding {
    let all = || std::iter::once(first).chain(rest.iter().copied());
    let ranges = first.numbers.keys().filter_map(|name| {
        let of = |found: &Finding| found.numbers.get(name).copied();
        let values = || all().filter_map(of);
        let (low, high) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        let name = name.replace('_', " ");
        (low < high).then(|| format!("{name} {} to {}", decimals(low, 2), decimals(high, 2)))
    });
    let ranges: Vec<String> = ranges.collect();
    let ranges = if ranges.is_empty() {
        String::new()
    } else {
        format!(" ({})", ranges.join(", "))
    };
    let count = all().count();
    let text = format!(
        "{} This is the first of {count} findings of this kind{ranges}; the record has all.",
        first.text
    );
    let folded = Finding {
        text,
        ..first.clone()
    };
    folded.number("alike", count as f64)
}
