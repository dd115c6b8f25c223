//! The words of made-up runs: arms, items and names, easy ones and hard ones.

use std::sync::Arc;

use workbench_digest::Hasher;
use workbench_record::ArmFacts;
use workbench_record::{ArmOutput, Item, Quantity};

/// Names that have broken terminals and tables before: wide, combining, from right to left, joined,
/// invisible, endless, with control characters, or nothing at all.
pub(super) const HARD_NAMES: [&str; 12] = [
    "随机森林の学習タスク",
    "e\u{301}le\u{300}ve Ångström nai\u{308}ve",
    "עץ החלטה מספר שבע",
    "👩\u{200d}💻👨\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈 family",
    "z\u{336}a\u{337}l\u{338}g\u{335}o\u{334}\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}",
    "tab\there, bell\u{7}, escape \u{1b}[31mred\u{1b}[0m",
    "zero\u{200b}width\u{feff}joiner\u{2060}",
    "\u{202e}backwards\u{202c} and on",
    "한국어 ﷽ ไทย हिन्दी",
    "",
    "   ",
    "a-name-that-never-ends-a-name-that-never-ends-a-name-that-never-ends-a-name-that-never-ends-a-name-that-never-ends",
];

/// An arm.
pub(super) fn arm(name: &str, title: &str, parallel: bool) -> ArmFacts {
    ArmFacts {
        control: false,
        peer: None,
        name: name.to_owned(),
        title: title.to_owned(),
        parallel,
        source: None,
    }
}

/// What every arm of a scenario leaves: items of these names, and counters.
pub(super) fn output(names: &[Arc<str>], counters: &[(&str, u64)]) -> ArmOutput {
    let item = |name: &Arc<str>| {
        let mut hash = Hasher::default();
        hash.update(name.as_bytes());
        Item {
            name: name.to_string(),
            sha256: hash.finish(),
            metrics: [("r2".to_owned(), 0.75 + name.len() as f64 / 1000.0)].into(),
        }
    };
    ArmOutput {
        work: counters
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect(),
        items: names.iter().map(item).collect(),
        quality: [("best".to_owned(), Quantity::Number(0.8063))].into(),
        ..ArmOutput::default()
    }
}
