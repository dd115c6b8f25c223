//! Arbitrary messages.

use std::path::PathBuf;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use workbench_ddp_protocol::{
    Checkpointing, Data, Device, DoneReport, FailureKind, FailureNotice, Fault, FromWorker,
    GradientFormat, Model, Phase, Place, Precision, Program, Reached, Report, Slowness, Stage,
    StepReport, ToWorker, TrainSpec, Tuning,
};
use workbench_protocol::Position;

/// Any number, infinities and NaN included.
fn number() -> impl Strategy<Value = f64> {
    // NaNs of all bit patterns are one and the same on the wire, so one of them will do.
    prop_oneof![
        8 => prop::num::f64::ANY.prop_map(|x| if x.is_nan() { f64::NAN } else { x }),
        1 => select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::ZERO
}

fn path() -> impl Strategy<Value = PathBuf> {
    any::<String>().prop_map(PathBuf::from)
}

/// Any fault that makes sense.
pub fn fault() -> impl Strategy<Value = Fault> {
    let numbers = (any::<u32>(), any::<u64>(), 1.000_001_f64..1000.0);
    (numbers, select(Place::ALL.to_vec()), 0..7).prop_map(|((rank, step, factor), place, kind)| {
        let step = if place == Place::StartUp { 0 } else { step };
        // Rank 0 writes the checkpoints.
        let rank = if place == Place::Checkpoint { 0 } else { rank };
        match kind {
            0 => Fault::Kill { rank, step, place },
            1 => Fault::Stall { rank, step, place },
            2 => Fault::Slow {
                rank,
                by: if step % 2 == 0 {
                    Slowness::Factor(factor)
                } else {
                    Slowness::Seconds(factor)
                },
                place,
            },
            3 if matches!(place, Place::StartUp | Place::Checkpoint) => Fault::Nan {
                rank,
                step,
                place: Place::Forward,
            },
            3 => Fault::Nan { rank, step, place },
            4 => Fault::Oom { rank, step, place },
            5 => Fault::DiskFull { step },
            _ => Fault::Corrupt { step },
        }
    })
}

fn checkpointing() -> impl Strategy<Value = Checkpointing> {
    (
        path(),
        option::of(any::<u64>()),
        option::of(finite()),
        any::<u32>(),
    )
        .prop_map(|(dir, every_steps, every_s, keep)| Checkpointing {
            dir,
            every_steps,
            every_s,
            keep,
        })
}

/// Any specification, sensible or not.
pub fn spec() -> impl Strategy<Value = TrainSpec> {
    let what = (
        select(vec![Program::Single, Program::ByHand, Program::Launched]),
        select(vec![Model::Resnet18, Model::Cnn]),
        prop_oneof![
            Just(Data::Embedded),
            path().prop_map(|path| Data::Files { path }),
        ],
        prop_oneof![
            Just(Device::Cpu),
            any::<u32>().prop_map(|index| Device::Cuda { index })
        ],
        option::of(checkpointing()),
        option::of(path()),
        prop::collection::vec(fault(), 0..4),
    );
    let numbers = (
        option::of(any::<u64>()),
        option::of(any::<u64>()),
        any::<[u32; 4]>(),
        number(),
        any::<u64>(),
        number(),
    );
    (what, numbers, tuning()).prop_map(|(what, numbers, tuning)| {
        let (program, model, data, device, checkpoint, resume, faults) = what;
        let (train_rows, test_rows, counts, lr, seed, timeout_s) = numbers;
        let [epochs, batch, threads, step_reports_every] = counts;
        TrainSpec {
            program,
            model,
            data,
            train_rows,
            test_rows,
            epochs,
            batch,
            lr,
            seed,
            threads,
            device,
            checkpoint,
            resume,
            faults,
            step_reports_every,
            timeout_s,
            tuning,
        }
    })
}

fn tuning() -> impl Strategy<Value = Tuning> {
    (
        select(vec![Precision::Fp32, Precision::Bf16]),
        any::<u32>(),
        select(vec![
            GradientFormat::Fp32,
            GradientFormat::Fp16,
            GradientFormat::Bf16,
        ]),
        any::<[bool; 3]>(),
    )
        .prop_map(|(precision, accumulate, gradients, flags)| Tuning {
            precision,
            accumulate,
            channels_last: flags[0],
            gradients,
            find_unused_parameters: flags[1],
            static_graph: flags[2],
        })
}

/// Any order.
pub fn to_worker() -> impl Strategy<Value = ToWorker> {
    prop_oneof![spec().prop_map(ToWorker::start), Just(ToWorker::Stop)]
}

fn step_report() -> impl Strategy<Value = StepReport> {
    (
        any::<[u64; 3]>(),
        any::<[u32; 2]>(),
        number(),
        any::<[u64; 5]>(),
    )
        .prop_map(
            |([step, rows_of_step, rows_before], [epoch, samples], loss, times)| {
                let [data_ns, forward_ns, backward_ns, wait_ns, optimizer_ns] = times;
                StepReport {
                    step,
                    epoch,
                    samples,
                    rows_of_step,
                    rows_before,
                    loss,
                    data_ns,
                    forward_ns,
                    backward_ns,
                    wait_ns,
                    optimizer_ns,
                }
            },
        )
}

fn done_report() -> impl Strategy<Value = DoneReport> {
    (
        any::<String>(),
        any::<[u64; 3]>(),
        any::<[u32; 2]>(),
        number(),
    )
        .prop_map(
            |(parameters_sha256, [steps, samples, bytes_reduced], counts, final_loss)| DoneReport {
                parameters_sha256,
                steps,
                samples,
                evaluated: counts[0],
                checkpoints: counts[1],
                bytes_reduced,
                final_loss,
            },
        )
}

const KINDS: [FailureKind; 9] = [
    FailureKind::Spec,
    FailureKind::Device,
    FailureKind::Data,
    FailureKind::Rendezvous,
    FailureKind::Peer,
    FailureKind::NotFinite,
    FailureKind::OutOfMemory,
    FailureKind::Checkpoint,
    FailureKind::Other,
];

/// Any message of a worker.
pub fn from_worker() -> impl Strategy<Value = FromWorker> {
    prop_oneof![
        any::<u32>().prop_map(|pid| FromWorker::Hello {
            version: workbench_protocol::VERSION,
            pid
        }),
        (select(Phase::ALL.to_vec()), any::<u64>(), any::<u64>()).prop_map(
            |(phase, step, since_ns)| FromWorker::Heartbeat {
                position: Position { phase, step },
                since_ns
            }
        ),
        report().prop_map(FromWorker::Report),
        done_report().prop_map(FromWorker::Done),
        (select(KINDS.to_vec()), any::<String>(), any::<u64>()).prop_map(
            |(kind, message, step)| FromWorker::Failed(FailureNotice {
                kind,
                message,
                step
            })
        ),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    prop_oneof![
        select(Stage::ALL.to_vec()).prop_map(Report::Stage),
        (any::<u64>(), any::<u32>(), any::<u64>())
            .prop_map(|(steps, epoch, rows)| { Report::Resumed(Reached { steps, epoch, rows }) }),
        step_report().prop_map(Report::Step),
        (any::<u32>(), any::<[u64; 3]>(), number()).prop_map(
            |(epoch, [step, correct, count], loss_sum)| Report::Evaluated {
                epoch,
                step,
                correct,
                count,
                loss_sum
            }
        ),
        (path(), any::<[u64; 3]>()).prop_map(|(path, [step, bytes, took_ns])| {
            Report::Checkpointed {
                step,
                path,
                bytes,
                took_ns,
            }
        }),
        any::<String>().prop_map(|text| Report::Warning { text }),
        (any::<u64>(), any::<String>())
            .prop_map(|(step, text)| Report::CheckpointFailed { step, text }),
    ]
}
