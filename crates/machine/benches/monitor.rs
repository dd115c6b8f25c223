//! What the instrument costs: one look at this machine, one at a made-up machine with 256 cores,
//! and the parsing alone.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has to stop"
)]

use std::fmt::Write;
#[cfg(all(target_os = "linux", not(workbench_portable)))]
use std::fs;
use std::hint::black_box;
#[cfg(all(target_os = "linux", not(workbench_portable)))]
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use workbench_machine::monitor::Sampler;
use workbench_machine::{MachineFacts, proc_stat};

const CORES: u32 = 256;

/// A `/proc/stat` of a machine that has been up for weeks, with the long line of
/// interrupt counters.
fn stat() -> String {
    let mut text = String::from("cpu  9223372 36854 775807 922337203 68547 0 75807 0 0 0\n");
    for core in 0..CORES {
        writeln!(
            text,
            "cpu{core} 36028797 14398 3031503 3602879701 26776 0 296121 12 0 0"
        )
        .unwrap();
    }
    writeln!(text, "intr 1234567890{}", " 12345".repeat(4000)).unwrap();
    text.push_str("ctxt 123456789\nbtime 1700000000\nprocesses 123456\n");
    text
}

#[cfg(all(target_os = "linux", not(workbench_portable)))]
fn machine(root: &Path) {
    fs::create_dir_all(root.join("proc/self")).unwrap();
    fs::write(root.join("proc/stat"), stat()).unwrap();
    fs::write(
        root.join("proc/self/statm"),
        "1234567 234567 3456 789 0 123456 0\n",
    )
    .unwrap();
    for core in 0..CORES {
        let dir = root.join(format!("sys/devices/system/cpu/cpu{core}/cpufreq"));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("scaling_cur_freq"), "2250000\n").unwrap();
    }
}

fn benches(criterion: &mut Criterion) {
    criterion.bench_function("sample/this machine", |bencher| {
        let mut sampler = Sampler::new();
        bencher.iter(|| sampler.sample());
    });
    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    criterion.bench_function("sample/256 cores", |bencher| {
        let root = tempfile::tempdir().unwrap();
        machine(root.path());
        let mut sampler = Sampler::with_root(root.path());
        bencher.iter(|| sampler.sample());
    });
    criterion.bench_function("parse stat/256 cores", |bencher| {
        let text = stat();
        let mut cores = Vec::new();
        bencher.iter(|| proc_stat::parse_cores(black_box(text.as_bytes()), &mut cores));
    });
    criterion.bench_function("probe/this machine", |bencher| {
        bencher.iter(MachineFacts::probe);
    });
}

criterion_group!(monitor, benches);
criterion_main!(monitor);
