//! Texts that try to break out of a file format, and numbers that are none.

use std::sync::Arc;

use workbench_dataset::ReadOptions;
use workbench_record::Snapshot;
use workbench_record::{DataSource, ParamValue};
use workbench_record::{Finding, Quantity};
use workbench_result::{Interval, IntervalKind, RunResult};

/// Markup, quotes, table and fence characters, line breaks, control and direction characters.
pub const TEXTS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"quoted\" 'single' `ticks` ``` | pipe \\ back",
    "line\nbreak\r\n- item\n# heading\t\u{0}\u{8}\u{ffff}",
    "\u{202e}drowssap\u{202c} \u{2066}x",
    "مرحبا بالعالم",
    "]]> --> </title></style></svg> &amp; &lt; %s {} =1+1",
];

/// Puts one text into every field of a result and its snapshot that holds text.
pub fn fill(result: &mut RunResult, snapshot: &mut Snapshot, text: &str) {
    fill_run(result, text);
    let text = text.to_owned();
    let base = result.base.clone();
    let rename = |name: &str| {
        if name == base {
            text.clone()
        } else {
            format!("{text}{name}")
        }
    };
    result.base = rename(&result.base.clone());
    for arm in &mut result.arms {
        arm.name = rename(&arm.name);
        arm.title.clone_from(&text);
        arm.outputs_sha256.clone_from(&text);
        arm.work.insert(text.clone(), 1);
        arm.quality
            .insert(text.clone(), Quantity::Text(text.clone()));
        for (i, item) in arm.items.iter_mut().enumerate() {
            item.item.name = format!("{text}{i}");
            item.item.sha256.clone_from(&text);
            item.item.metrics.insert(text.clone(), 1.0);
        }
        if let Some(found) = &mut arm.analysis {
            for input in &mut found.importances {
                input.input.clone_from(&text);
            }
            if let Some(best) = &mut found.best {
                best.item = format!("{text}0");
                best.metric.clone_from(&text);
            }
        }
    }
    for scaling in &mut result.scaling {
        scaling.arm = rename(&scaling.arm);
    }
    for what_if in &mut result.what_if {
        what_if.arm = rename(&what_if.arm);
    }
    for repeat in &mut snapshot.repeats {
        repeat.id.arm = rename(&repeat.id.arm);
        for task in &mut repeat.tasks {
            task.name = Arc::from(format!("{text}{}", task.group));
        }
    }
}

/// The texts of the run as a whole.
fn fill_run(result: &mut RunResult, text: &str) {
    let text = text.to_owned();
    for field in [
        &mut result.run_id,
        &mut result.lab,
        &mut result.lab_title,
        &mut result.preset,
        &mut result.command,
        &mut result.started_at,
        &mut result.machine.cpu_model,
        &mut result.machine.cores_limit,
        &mut result.machine.os,
        &mut result.machine.kernel,
        &mut result.machine.compiler,
        &mut result.machine.build_profile,
        &mut result.machine.workbench_version,
    ] {
        field.clone_from(&text);
    }
    result.machine.governor = Some(text.clone());
    result.machine.gpu_driver = Some(text.clone());
    result.machine.workbench_commit = Some(text.clone());
    result
        .parameters
        .insert(text.clone(), ParamValue::Text(text.clone()));
    result.data = DataSource::File {
        reading: ReadOptions {
            columns: vec![text.clone()],
            ..ReadOptions::default()
        },
        facts: None,
        path: text.clone(),
        target: text.clone(),
    };
    if let Some(item) = &mut result.lab_facts.item {
        item.name.clone_from(&text);
    }
    for figure in &mut result.lab_facts.figures {
        figure.label.clone_from(&text);
    }
    let found = Finding::error(&text, text.clone()).arm(&text).option(&text);
    result.diagnoses = vec![found.clone()];
    result.warnings = vec![found.clone()];
    result.check.differences = vec![found];
}

/// Puts one number into every field of a result that holds a fraction.
pub fn number(result: &mut RunResult, value: f64) {
    result.instrument.cpu_s = value;
    result.instrument.share_of_one_core = value;
    result.machine.cores_usable = value;
    for arm in &mut result.arms {
        arm.wall_s.fill(value);
        arm.cpu_s.fill(value);
        arm.wall_median_s = value;
        arm.speedup = Some(value);
        arm.speedup_interval = Some(Interval::new(IntervalKind::Confidence95, [value; 2]));
        arm.efficiency = Some(value);
        arm.bound = Some(value);
        arm.karp_flatt = Some(value);
        arm.useful_s = value;
        arm.lost_s.overhead = value;
        arm.lost_s.imbalance = -value;
        arm.lost_s.waiting = value;
        arm.lost_s.inflation = -value;
        arm.lost_s.no_core = value;
        if let Some(line) = &mut arm.time_by_size {
            (line.intercept_s, line.slope_s, line.r_squared) = (value, value, value);
        }
        for input in arm
            .analysis
            .iter_mut()
            .flat_map(|found| &mut found.importances)
        {
            input.share = value;
        }
        for item in &mut arm.items {
            item.cpu_s = value;
            item.item.metrics.insert("mse".to_owned(), value);
        }
    }
    for what_if in &mut result.what_if {
        what_if.limit = value;
        for point in &mut what_if.points {
            point.fifo = value;
            point.longest_first = value;
        }
    }
    for scaling in &mut result.scaling {
        for point in &mut scaling.points {
            point.speedup = value;
            point.interval = Some(Interval::new(IntervalKind::Confidence95, [value; 2]));
        }
    }
}
