//! What a worker says of GPUs that are not there, and how it trains on those that are.
//!
//! The same tests hold for a libtorch with and without CUDA, on machines with and without GPUs.

use std::path::Path;
use std::process::{Output, Stdio};

use workbench_ddp_protocol::{Device, FailureKind, Program};

use crate::common::{program, run, spec};

/// More GPUs than any machine has.
const BEYOND: u32 = 98;

fn train(flags: &[&str], local_rank: Option<&str>) -> Output {
    let mut command = program();
    if let Some(local_rank) = local_rank {
        command.env("LOCAL_RANK", local_rank);
    }
    command
        .args(["train", "--model=cnn", "--program=single"])
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether the libtorch that the worker loads is one with CUDA, by what lies beside it.
fn libtorch_has_cuda() -> bool {
    let version = program().arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let loaded = version
        .lines()
        .find_map(|line| line.strip_prefix("loaded "));
    let library = loaded.unwrap().split(".so").next().unwrap();
    let folder = Path::new(library).parent().unwrap();
    folder.join("libtorch_cuda.so").exists()
}

#[test]
fn a_gpu_that_is_not_there_ends_with_3_and_a_reason() {
    let device = format!("cuda:{BEYOND}");
    let reason = if libtorch_has_cuda() {
        "libtorch sees "
    } else {
        "this libtorch is for the CPU alone"
    };
    let output = train(&["--device", &device], None);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    for part in [&device, reason, "take the cpu", "workbench doctor"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(text.lines().count(), 1, "{text}");

    let mut spec = spec(Program::Single);
    spec.device = Device::Cuda { index: BEYOND };
    for program in [Program::Single, Program::ByHand, Program::Launched] {
        spec.program = program;
        // At once: no rank waits for others when its own device is not there.
        for heard in run(&spec, if program == Program::Single { 1 } else { 2 }) {
            let (kind, message, _) = heard.failure().unwrap();
            assert_eq!(kind, FailureKind::Device);
            assert!(message.contains(reason), "{message}");
            assert_eq!(heard.status.code(), Some(3));
        }
    }
}

#[test]
fn cuda_alone_is_the_gpu_of_torchruns_local_rank() {
    let text = said(&train(&["--device=cuda"], Some("97")));
    assert!(text.contains("device cuda:97:"), "{text}");
    // A number that is given holds.
    let text = said(&train(&["--device=cuda:96"], Some("95")));
    assert!(text.contains("device cuda:96:"), "{text}");

    let output = train(&["--device=cuda"], Some("first"));
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("LOCAL_RANK=first is no number"));
}

#[test]
fn on_gpus_all_ranks_end_with_the_same_parameters() {
    let mut spec = spec(Program::Single);
    spec.device = Device::Cuda { index: 0 };
    let single = &run(&spec, 1)[0];
    if single.status.code() == Some(3) {
        // No GPU here, which the tests above are about.
        return;
    }
    assert_eq!(single.done().steps, 50);
    for program in [Program::ByHand, Program::Launched] {
        spec.program = program;
        // One rank: every rank that `run` starts gets this device.
        let heard = &run(&spec, 1)[0];
        assert_eq!(heard.done().steps, 50);
        let apart = (heard.done().final_loss - single.done().final_loss).abs();
        assert!(apart < 1e-2, "the final losses are {apart} apart");
        for step in heard.steps() {
            assert!(step.forward_ns > 0 && step.backward_ns > 0);
        }
    }
}
