//! Text written by people and tools (faults, environments, specifications), and the errors about
//! it.

use std::path::PathBuf;

use crate::common::{fault, spec};
use proptest::prelude::*;
use workbench_ddp_protocol::{
    Checkpointing, Data, Device, Fault, Model, Place, Precision, Program, Slowness, SpecError,
    TrainSpec, Tuning,
};
use workbench_protocol::{EnvError, WorkerEnv};

fn sound() -> TrainSpec {
    TrainSpec {
        program: Program::ByHand,
        model: Model::Cnn,
        data: Data::Embedded,
        train_rows: Some(256),
        test_rows: None,
        epochs: 1,
        batch: 32,
        lr: 0.01,
        seed: 1,
        threads: 1,
        device: Device::Cpu,
        checkpoint: None,
        resume: None,
        faults: Vec::new(),
        step_reports_every: 1,
        tuning: Tuning::default(),
        timeout_s: 30.0,
    }
}

fn refusal(change: impl FnOnce(&mut TrainSpec)) -> String {
    let mut spec = sound();
    change(&mut spec);
    spec.check(2).unwrap_err().to_string()
}

proptest! {
    #[test]
    fn a_fault_reads_back(fault in fault()) {
        prop_assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
    }

    #[test]
    fn any_text_is_a_fault_or_a_one_line_error(text in "\\PC*|(kill|slow|nan):[a-z=,0-9.:-]{0,30}|(.|\n){0,90}") {
        if let Err(error) = text.parse::<Fault>() {
            let said = error.to_string();
            prop_assert!(!said.contains(char::is_control), "{said:?}");
            prop_assert!(said.starts_with("fault `"), "{said}");
        }
    }

    #[test]
    fn any_specification_is_judged_without_panicking(spec in spec(), world in any::<u32>()) {
        if spec.check(world).is_ok() {
            prop_assert!(spec.batch > 0 && spec.epochs > 0 && spec.lr > 0.0 && spec.lr.is_finite());
            prop_assert!(spec.faults.iter().all(|fault| fault.rank() < world));
        }
    }

    #[test]
    fn an_environment_reads_back(rank in 0..64_u32, more in 1..64_u32, port in 1..=u16::MAX) {
        let env = WorkerEnv::local(rank, rank + more, port);
        prop_assert_eq!(WorkerEnv::from_vars(env.to_vars()).unwrap(), env);
    }
}

#[test]
fn faults_are_read_as_people_write_them() {
    let (rank, forward) = (1, Place::Forward);
    let kill = |step, place| Fault::Kill { rank, step, place };
    let nan = |step, place| Fault::Nan { rank, step, place };
    let slow = |by, place| Fault::Slow { rank, by, place };
    for (text, fault) in [
        ("kill:rank=1,step=40", kill(40, forward)),
        ("kill:rank=1,step=40,in=forward", kill(40, forward)),
        (
            "kill:in=all-reduce,rank=1,step=40",
            kill(40, Place::AllReduce),
        ),
        ("kill:rank=1,in=start-up", kill(0, Place::StartUp)),
        (
            " stall : step = 3 , rank = 0 , in = evaluation ",
            Fault::Stall {
                rank: 0,
                step: 3,
                place: Place::Evaluation,
            },
        ),
        (
            "slow:rank=1,factor=2.5",
            slow(Slowness::Factor(2.5), forward),
        ),
        (
            "slow:rank=1,x=3,in=forward",
            slow(Slowness::Factor(3.0), forward),
        ),
        (
            "slow:rank=1,s=0.5,in=start-up",
            slow(Slowness::Seconds(0.5), Place::StartUp),
        ),
        ("nan:rank=1,step=7,", nan(7, forward)),
        ("nan:rank=1,step=0,in=forward", nan(0, forward)),
        ("nan:rank=1,step=0,in=all-reduce", nan(0, Place::AllReduce)),
        ("nan:rank=1,step=0,in=evaluation", nan(0, Place::Evaluation)),
        (
            "oom:rank=0,step=0,in=checkpoint",
            Fault::Oom {
                rank: 0,
                step: 0,
                place: Place::Checkpoint,
            },
        ),
        ("disk-full:step=9", Fault::DiskFull { step: 9 }),
        ("disk-full:rank=0,step=9", Fault::DiskFull { step: 9 }),
        ("corrupt:step=9,in=checkpoint", Fault::Corrupt { step: 9 }),
    ] {
        assert_eq!(text.parse::<Fault>().unwrap(), fault, "{text}");
    }
}

#[test]
fn a_fault_without_a_place_is_what_it_was_before_there_were_places() {
    let old = r#"{"kill":{"rank":1,"step":40}}"#;
    let fault: Fault = serde_json::from_str(old).unwrap();
    assert_eq!(fault, "kill:rank=1,step=40".parse().unwrap());
    assert_eq!(serde_json::to_string(&fault).unwrap(), old);
    let placed: Fault = "kill:rank=1,step=40,in=all-reduce".parse().unwrap();
    let new = r#"{"kill":{"rank":1,"step":40,"in":"all_reduce"}}"#;
    assert_eq!(serde_json::to_string(&placed).unwrap(), new);
    assert_eq!(serde_json::from_str::<Fault>(new).unwrap(), placed);
}

#[test]
fn wrong_faults_are_told_what_is_allowed() {
    for (text, said) in [
        (
            "",
            "there is no such fault; give kill, stall, slow, nan, oom, disk-full or corrupt",
        ),
        (
            "crash:rank=1",
            "there is no such fault; give kill, stall, slow, nan, oom, disk-full or corrupt",
        ),
        ("kill", "rank is missing; write kill:rank=R,step=S"),
        ("kill:rank=1", "step is missing; write kill:rank=R,step=S"),
        (
            "slow:rank=1,step=4",
            "`step=4` is not part of this fault; write slow:rank=R,factor=F",
        ),
        ("kill:rank=1,step", "`step` is not name=value"),
        ("kill:rank=1,rank=2,step=1", "`rank=2` is there twice"),
        ("kill:rank=-1,step=1", "`rank=-1` is no rank"),
        ("kill:rank=1,step=1e3", "`step=1e3` is no step"),
        ("slow:rank=1,factor=fast", "`factor=fast` is no number"),
        ("slow:rank=1,factor=1", "`factor=1` must be greater than 1"),
        ("slow:rank=1,x=3,factor=3", "`factor=3` is there twice"),
        (
            "slow:rank=1,x=3,in=checkpoint",
            "`rank=1` writes no checkpoints, rank 0 does",
        ),
        (
            "kill:rank=1,step=4,in=lunch",
            "`in=lunch` is no place (start-up, forward, all-reduce, checkpoint or evaluation); write kill:rank=R,step=S,in=PLACE",
        ),
        (
            "kill:rank=1,step=4,in=start-up",
            "`step=4` means nothing at start-up, before all steps",
        ),
        ("stall:rank=1,in=evaluation", "step is missing"),
        (
            "kill:rank=1,step=4,in=checkpoint",
            "`rank=1` writes no checkpoints, rank 0 does",
        ),
        (
            "nan:rank=0,step=4,in=checkpoint",
            "`in=checkpoint` must be forward, all-reduce or evaluation, where there are losses and gradients; write nan:rank=R,step=S",
        ),
        (
            "nan:rank=1,in=start-up",
            "`in=start-up` must be forward, all-reduce or evaluation",
        ),
        (
            "disk-full:rank=1,step=4",
            "`rank=1` writes no checkpoints, rank 0 does",
        ),
        (
            "corrupt:step=4,in=forward",
            "`in=forward` must be checkpoint",
        ),
        ("corrupt:rank=0", "step is missing; write corrupt:step=S"),
        (
            "slow:rank=1,factor=inf",
            "`factor=inf` must be greater than 1 and at most 1000",
        ),
        (
            "slow:rank=1",
            "factor is missing; write slow:rank=R,factor=F",
        ),
        ("slow:rank=1,x=3,s=3", "`seconds=3` says the same as factor"),
        (
            "slow:rank=1,s=0",
            "`seconds=0` must be greater than 0 and at most 3600",
        ),
        (
            "slow:rank=1,factor=nan",
            "`factor=nan` must be greater than 1",
        ),
    ] {
        let error = text.parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn a_sound_specification_passes() {
    sound().check(2).unwrap();
    let single = TrainSpec {
        program: Program::Single,
        faults: vec![Fault::Slow {
            rank: 0,
            by: Slowness::Factor(2.0),
            place: Place::Forward,
        }],
        checkpoint: Some(Checkpointing {
            dir: PathBuf::from("checkpoints"),
            every_steps: None,
            every_s: Some(0.5),
            keep: 2,
        }),
        ..sound()
    };
    single.check(1).unwrap();
    assert_eq!(single.check(2), Err(SpecError::Single(2)));
}

#[test]
fn a_specification_is_refused_for_what_is_wrong_with_it() {
    let checkpoint = |every_steps, every_s, keep| {
        Some(Checkpointing {
            dir: PathBuf::from("c"),
            every_steps,
            every_s,
            keep,
        })
    };
    for (said, expected) in [
        (refusal(|s| s.batch = 0), "batch is 0, and"),
        (
            refusal(|s| s.batch = 1),
            "batch is 1, and batch normalisation learns nothing from fewer than 2 rows; give 2 or more",
        ),
        (refusal(|s| s.epochs = 0), "epochs is 0"),
        (refusal(|s| s.threads = 0), "threads is 0"),
        (
            refusal(|s| s.step_reports_every = 0),
            "step_reports_every is 0",
        ),
        (refusal(|s| s.test_rows = Some(0)), "test_rows is 0"),
        (
            refusal(|s| s.lr = f64::NAN),
            "lr is NaN; give a finite number",
        ),
        (
            refusal(|s| s.lr = 0.0),
            "lr is 0; give a finite number greater than 0",
        ),
        (refusal(|s| s.timeout_s = f64::INFINITY), "timeout_s is inf"),
        (
            refusal(|s| s.train_rows = Some(1)),
            "train_rows is 1, fewer than the 2 ranks",
        ),
        (
            refusal(|s| s.faults = vec!["kill:rank=2,step=1".parse().unwrap()]),
            "fault `kill:rank=2,step=1`: the ranks are 0 to 1",
        ),
        (
            refusal(|s| {
                s.faults = vec![Fault::Slow {
                    rank: 1,
                    by: Slowness::Factor(0.5),
                    place: Place::Forward,
                }];
            }),
            "its factor must be greater than 1",
        ),
        (
            refusal(|s| s.tuning.accumulate = 0),
            "accumulate is 0; give 1 or more",
        ),
        (
            refusal(|s| {
                s.tuning.accumulate = 2;
                s.tuning.static_graph = true;
            }),
            "a static graph has one pass per step, and accumulate is 2",
        ),
        (
            refusal(|s| {
                s.tuning.precision = Precision::Bf16;
                s.device = Device::Cuda { index: 0 };
            }),
            "precision bf16 is for processors here",
        ),
        (
            refusal(|s| {
                s.data = Data::Files {
                    path: PathBuf::new(),
                }
            }),
            "the path of the data is empty",
        ),
        (
            refusal(|s| s.resume = Some(PathBuf::new())),
            "resume is empty",
        ),
        (
            refusal(|s| s.checkpoint = checkpoint(None, None, 1)),
            "checkpoints without an interval",
        ),
        (
            refusal(|s| s.checkpoint = checkpoint(Some(0), None, 1)),
            "every_steps is 0",
        ),
        (
            refusal(|s| s.checkpoint = checkpoint(Some(1), Some(-1.0), 1)),
            "every_s is -1",
        ),
        (
            refusal(|s| s.checkpoint = checkpoint(Some(1), None, 0)),
            "checkpoints to keep is 0",
        ),
    ] {
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
    }
    assert_eq!(sound().check(0), Err(SpecError::Zero("the world size")));
}

fn with(name: &str, value: &str) -> Result<WorkerEnv, EnvError> {
    let vars = WorkerEnv::local(1, 2, 29_500).to_vars();
    WorkerEnv::from_vars(vars.into_iter().map(|(known, set)| {
        let value = if known == name { value.to_owned() } else { set };
        (known, value)
    }))
}

#[test]
fn the_environment_of_torchrun_is_understood() {
    let env = WorkerEnv::from_vars([
        ("TORCHELASTIC_RUN_ID", "none"),
        ("RANK", "5"),
        ("LOCAL_RANK", "1"),
        ("WORLD_SIZE", "8"),
        ("LOCAL_WORLD_SIZE", "4"),
        ("GROUP_RANK", "1"),
        ("MASTER_ADDR", "node0.example"),
        ("MASTER_PORT", "29400"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    assert_eq!(
        env,
        WorkerEnv {
            rank: 5,
            world_size: 8,
            local_rank: 1,
            local_world_size: 4,
            master_addr: "node0.example".to_owned(),
            master_port: 29_400,
        }
    );
}

#[test]
fn a_wrong_environment_names_the_variable() {
    for (result, expected) in [
        (
            with("RANK", "2"),
            "RANK=2 is outside of WORLD_SIZE=2; ranks go from 0",
        ),
        (
            with("LOCAL_RANK", "9"),
            "LOCAL_RANK=9 is outside of LOCAL_WORLD_SIZE=2",
        ),
        (with("RANK", "-1"), "RANK=`-1` is not a rank"),
        (
            with("WORLD_SIZE", "0"),
            "WORLD_SIZE=`0` is not a number of ranks",
        ),
        (
            with("LOCAL_WORLD_SIZE", "3"),
            "LOCAL_WORLD_SIZE=3 is more than WORLD_SIZE=2",
        ),
        (
            with("MASTER_PORT", "0"),
            "MASTER_PORT=`0` is not a port (1 to 65535)",
        ),
        (
            with("MASTER_PORT", "65536"),
            "MASTER_PORT=`65536` is not a port",
        ),
        (
            with("MASTER_ADDR", " "),
            "MASTER_ADDR=`` is not a host name",
        ),
        (
            with("MASTER_ADDR", "a\nb"),
            "MASTER_ADDR=`a\\nb` is not a host name",
        ),
    ] {
        let said = result.unwrap_err().to_string();
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
    }
    let none: [(&str, &str); 1] = [("RANK", "0")];
    let said = WorkerEnv::from_vars(none).unwrap_err().to_string();
    assert!(
        said.starts_with("WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT are not set; start"),
        "{said}"
    );
}
