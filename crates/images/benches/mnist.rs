//! How long it takes until the embedded images can be used: it adds to the start of every worker.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use workbench_images::{Split, mnist};

fn unpacking(c: &mut Criterion) {
    let mut group = c.benchmark_group("mnist");
    group.sample_size(10);
    for (name, part, rows) in [
        ("train, all 60,000", Split::Train, None),
        ("train, the first 6,000", Split::Train, Some(6_000)),
        ("test, all 10,000", Split::Test, None),
    ] {
        group.bench_function(name, |b| b.iter(|| black_box(mnist(part, rows))));
    }
    group.finish();
}

criterion_group!(benches, unpacking);
criterion_main!(benches);
