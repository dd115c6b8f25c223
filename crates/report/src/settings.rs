//! What was set otherwise than the lab's usual values, and what each of these parameters does.

use workbench_result::RunResult;

use super::format;
use super::tables::{ReportTable, name};

/// Characters of an explanation.
const LONGEST: usize = 400;

/// A row for each parameter whose value is not its default. Empty for runs of versions that did not
/// record defaults.
pub(super) fn changed(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[
        ("parameter", false),
        ("set to", false),
        ("usually", false),
        ("what it does", false),
    ]);
    let params = result.lab_facts.params.iter();
    let changed = params.filter_map(|facts| {
        let value = result.parameters.get(&facts.name)?.to_string();
        (value != facts.default).then(|| {
            vec![
                name(&facts.name),
                name(&value),
                name(&facts.default),
                format::clean(&facts.help, LONGEST),
            ]
        })
    });
    table.rows = changed.collect();
    table
}
