//! What the manifest, the result document and the report state, compared with what follows from
//! the log.

use std::fmt::Write as _;

use serde_json::Value;
use workbench_questions::AnswerSheet;
use workbench_record::Finding;
use workbench_report::{Format, render};

use crate::manifest::{Manifest, RunFacts};
use crate::messages::document as messages;
use crate::messages::document::Differs;
use crate::opened_run::OpenedRun;

pub(super) fn find(run: &OpenedRun, manifest: &Manifest) -> Vec<Finding> {
    let mut found = of_manifest(run, manifest);
    let lines = run.snapshot.damage.lines + run.snapshot.damage.unknown_lines;
    if lines > 0 {
        found.push(messages::damaged(&run.folder, lines));
    }
    found.extend(of_result(run));
    found.extend(of_command(run));
    if !run.result.check.passed() {
        found.push(crate::messages::repeats::unequal());
    }
    found
}

fn of_manifest(run: &OpenedRun, manifest: &Manifest) -> Vec<Finding> {
    let (Some(stated), Some(started)) = (
        manifest
            .runs
            .iter()
            .find(|facts| facts.folder == run.folder),
        run.snapshot.started.as_deref(),
    ) else {
        return Vec::new();
    };
    let folder = &run.folder;
    let computed = RunFacts::of(folder, &run.snapshot, started, &run.chain);
    let mut found = Vec::new();
    if stated.log != computed.log {
        let line = run.chain.parts_from(&stated.log.links);
        found.push(messages::chain(folder, line));
    }
    let fields = [
        ("run_id", stated.run_id != computed.run_id),
        ("status", stated.status != computed.status),
        ("config", stated.config != computed.config),
        ("data_sha256", stated.data_sha256 != computed.data_sha256),
        ("split_sha256", stated.split_sha256 != computed.split_sha256),
        ("software", stated.software != computed.software),
        ("machine", stated.machine != computed.machine),
    ];
    let differs = fields.into_iter().filter(|(_, differs)| *differs);
    found.extend(differs.map(|(field, _)| messages::manifest_differs(folder, field)));
    let program = &manifest.program;
    let machine = &run.result.machine;
    if program.sha256 != machine.program_sha256 || program.version != machine.workbench_version {
        found.push(messages::other_program(folder));
    }
    if machine.build_profile == "debug" {
        found.push(messages::debug_build(folder));
    }
    found
}

fn of_result(run: &OpenedRun) -> Vec<Finding> {
    let folder = &run.folder;
    let claimed = run.claimed.as_deref();
    let claimed = claimed.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let (Some(claimed), Ok(computed)) = (claimed, serde_json::to_value(&run.result)) else {
        return vec![messages::result_unreadable(folder)];
    };
    let version = |document: &Value| {
        let version = document.pointer("/fingerprint/version");
        version.and_then(Value::as_str).map(str::to_owned)
    };
    let same_version = version(&claimed) == version(&computed);
    let mut differences = Vec::new();
    compare(&claimed, &computed, &mut String::new(), &mut differences);
    if !same_version {
        differences.retain(|difference| is_measured(&difference.field));
    }
    let mut found = Vec::new();
    if let Some(first) = differences.first() {
        found.push(messages::result_differs(&Differs {
            folder,
            field: &first.field,
            claimed: &first.claimed,
            computed: &first.computed,
            more: differences.len() - 1,
        }));
    }
    if same_version {
        found.extend(of_report(run));
    } else {
        let version = version(&claimed).unwrap_or_default();
        found.push(messages::other_version(folder, &short(&version)));
    }
    found
}

/// Whether a field holds what was measured, which no version computes otherwise.
fn is_measured(field: &str) -> bool {
    let last = field.split(['.', '[']).rev();
    last.into_iter().any(|part| {
        matches!(
            part,
            "wall_s" | "cpu_s" | "wall_median_s" | "sha256" | "work" | "run_id" | "seed"
        )
    })
}

struct Difference {
    field: String,
    claimed: String,
    computed: String,
}

/// More differences are counted, not kept.
const LONGEST_VALUE: usize = 60;

fn short(text: &str) -> String {
    let mut short: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_VALUE)
        .collect();
    if text.chars().count() > LONGEST_VALUE {
        short.push('…');
    }
    short
}

/// Compares two documents field by field.
fn compare(claimed: &Value, computed: &Value, at: &mut String, found: &mut Vec<Difference>) {
    let before = at.len();
    match (claimed, computed) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a
                .keys()
                .chain(b.keys().filter(|name| !a.contains_key(*name)));
            for name in names {
                if before > 0 {
                    at.push('.');
                }
                at.push_str(name);
                let of = |map: &serde_json::Map<String, Value>| map.get(name).cloned();
                compare(
                    &of(a).unwrap_or_default(),
                    &of(b).unwrap_or_default(),
                    at,
                    found,
                );
                at.truncate(before);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                // Writing to a String cannot fail.
                let _ = write!(at, "[{index}]");
                compare(a, b, at, found);
                at.truncate(before);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(Difference {
            field: short(at),
            claimed: short(&a.to_string()),
            computed: short(&b.to_string()),
        }),
    }
}

/// The report is a pure function of result and log.
fn of_report(run: &OpenedRun) -> Option<Finding> {
    let report = run.report.as_deref();
    let sheet = run.answers.as_deref();
    let sheet = sheet.and_then(|bytes| AnswerSheet::parse(bytes).ok());
    let computed = render(Format::Html, &run.result, &run.snapshot, sheet.as_ref()).ok()?;
    (report != Some(&*computed)).then(|| messages::report_differs(&run.folder))
}

/// The command asks for what the configuration says.
fn of_command(run: &OpenedRun) -> Option<Finding> {
    let config = &run.snapshot.started.as_deref()?.config;
    let options = [
        ("--lab", config.lab.clone()),
        ("--preset", config.preset.clone()),
        ("--seed", config.seed.to_string()),
        ("--repeats", config.repeats.to_string()),
    ];
    let words: Vec<&str> = config.command.split_whitespace().collect();
    let says_otherwise = |(option, value): &(&str, String)| {
        let mut pairs = words.windows(2);
        let given = pairs.find(|pair| pair[0] == *option).map(|pair| pair[1]);
        given.is_some_and(|given| given != value)
    };
    let most = config
        .workers
        .last()
        .map(u32::to_string)
        .unwrap_or_default();
    let workers = words.windows(2).find(|pair| pair[0] == "--workers");
    let other_workers = workers.is_some_and(|pair| !pair[1].ends_with(&most));
    (options.iter().any(says_otherwise) || other_workers)
        .then(|| messages::command_differs(&run.folder))
}
