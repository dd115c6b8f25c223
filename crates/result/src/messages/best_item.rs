//! Which item is best, and whether the next best can be told apart from it.

use workbench_record::{BestItem, Finding, LabFacts, NextBest};

pub(super) fn finding(best: &BestItem, lab: &LabFacts) -> Finding {
    let noun = lab.item_word();
    let figure = lab.figure(&best.metric);
    let metric = figure.map_or(best.metric.as_str(), |figure| figure.label.as_str());
    let mut text = format!(
        "The best {noun} is {}, with {metric} {}.",
        best.item,
        digits(best.value)
    );
    let mut finding = Finding::note("best_item", "").number(&best.metric, best.value);
    if let Some(next) = &best.next {
        text += &next_best(next, metric);
        finding = finding
            .number("difference", next.difference)
            .number("low", next.low)
            .number("high", next.high);
    }
    finding.text = text;
    finding
}

fn next_best(next: &NextBest, metric: &str) -> String {
    let [difference, low, high] = [next.difference, next.low, next.high].map(digits);
    let meaning = if next.is_told_apart() {
        "so it is worse on rows like these"
    } else {
        "so the two cannot be told apart on these test rows"
    };
    format!(
        " The next best, {}, differs by {difference} in {metric} (95 % interval {low} to {high}), {meaning}.",
        next.item
    )
}

/// Four digits that matter, with a proper minus.
fn digits(value: f64) -> String {
    let size = value.abs();
    let text = if size == 0.0 {
        return "0".to_owned();
    } else if (1e-4..1e6).contains(&size) {
        let decimals = (3.0 - size.log10().floor()).clamp(0.0, 7.0) as usize;
        format!("{size:.decimals$}")
    } else {
        format!("{size:.3e}")
    };
    if value < 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits() {
        let read = [0.254_321, -0.000_412_34, 12_345.6, 3.0, 0.0, 1.234_56e-9].map(digits);
        assert_eq!(
            read,
            ["0.2543", "−0.0004123", "12346", "3.000", "0", "1.235e-9"]
        );
    }

    #[test]
    fn a_difference_that_may_be_none_is_said_to_be_one() {
        let mut best = BestItem {
            item: "n_estimators=330".to_owned(),
            metric: "mse".to_owned(),
            value: 0.2543,
            next: Some(NextBest {
                item: "n_estimators=340".to_owned(),
                difference: 0.0004,
                low: -0.0001,
                high: 0.0009,
            }),
        };
        let text = finding(&best, &LabFacts::default()).text;
        assert_eq!(
            text,
            "The best item is n_estimators=330, with mse 0.2543. The next best, n_estimators=340, \
             differs by 0.0004000 in mse (95 % interval −0.0001000 to 0.0009000), so the two \
             cannot be told apart on these test rows."
        );
        best.next = None;
        let text = finding(&best, &LabFacts::default()).text;
        assert_eq!(text, "The best item is n_estimators=330, with mse 0.2543.");
    }
}
