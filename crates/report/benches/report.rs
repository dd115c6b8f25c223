//! How long rendering takes: the limit is half a second for the page of a full run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use workbench_report::{Format, render};

#[path = "../tests/report/fixture/mod.rs"]
mod fixture;

use fixture::{Shape, run};

fn rendering(c: &mut Criterion) {
    let shapes = [
        ("full run, 2 cores", Shape::full(&[2], 2)),
        (
            "full run, 2 to 64 workers",
            Shape::full(&[2, 8, 32, 64], 64),
        ),
        ("100,000 tasks, 256 cores", Shape::huge()),
    ];
    for (name, shape) in shapes {
        let (result, snapshot) = run(&shape);
        let mut group = c.benchmark_group(name);
        group.sample_size(20);
        for format in Format::ALL {
            group.bench_function(format.extension(), |b| {
                b.iter(|| black_box(render(format, &result, &snapshot, None)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, rendering);
criterion_main!(benches);
