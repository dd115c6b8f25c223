//! The parameters: what is refused, and what every number of workers then has to do.

use proptest::prelude::*;
use workbench_experiment::lab::LabDefinition;
use workbench_experiment::{Request, resolve};
use workbench_machine::UsableCores;

use super::*;
use crate::arm::Arm;
use crate::plan::Plan;

fn read(workers: &[u32], set: &[&str], oversubscribe: bool) -> Result<TrainSettings, String> {
    read_on(1, workers, set, oversubscribe)
}

/// Reads the parameters on a machine with so many GPUs.
fn read_on(
    gpus: u32,
    workers: &[u32],
    set: &[&str],
    oversubscribe: bool,
) -> Result<TrainSettings, String> {
    let request = Request {
        preset: Some("full".to_owned()),
        workers: workers.to_vec().into(),
        set: set.iter().map(|text| (*text).to_owned()).collect(),
        oversubscribe,
        ..Request::default()
    };
    read_request(gpus, &request)
}

fn read_request(gpus: u32, request: &Request) -> Result<TrainSettings, String> {
    let lab = LabDefinition::parse(include_str!("../lab.toml")).unwrap();
    // Who has several GPUs has more cores too.
    let cores = if gpus > 1 { 16.0 } else { 4.0 };
    let usable = UsableCores {
        cores,
        limit: format!("{cores} processors"),
    };
    let config = resolve(&lab, request, &usable).map_err(|error| error.to_string())?;
    let offer = Offer {
        train_rows: 60_000,
        test_rows: 10_000,
        images: ImageShape {
            channels: 1,
            height: 28,
            width: 28,
            classes: 10,
        },
        cores,
        gpus,
        bf16: gpus > 0,
    };
    TrainSettings::new(&config, Data::Embedded, &offer).map_err(|error| error.to_string())
}

#[test]
fn peers_have_ranks_as_the_own_arms_do() {
    let request = |fault: &str| Request {
        preset: Some("full".to_owned()),
        arms: ["single", "torchrun"].map(str::to_owned).to_vec(),
        workers: vec![2].into(),
        set: vec![format!("fault={fault}")],
        ..Request::default()
    };
    let settings = read_request(1, &request("kill:rank=1,step=12")).unwrap();
    assert_eq!(settings.worlds(), [1, 2]);
    let why = read_request(1, &request("kill:rank=2,step=12")).unwrap_err();
    assert!(why.contains("the ranks are 0 to 1"), "{why}");
}

fn refusal(workers: &[u32], set: &[&str]) -> String {
    read(workers, set, false).unwrap_err()
}

#[test]
fn the_full_preset_is_that_of_the_lesson() {
    let settings = read(&[2], &[], false).unwrap();
    assert_eq!(settings.model, Model::Resnet18);
    assert_eq!(
        (settings.epochs, settings.batch, settings.train_rows),
        (3, 128, 60_000)
    );
    assert_eq!(
        (settings.steps_per_epoch(1), settings.steps_per_epoch(2)),
        (469, 235)
    );
    assert_eq!(settings.worlds(), [1, 2]);
}

#[test]
fn what_does_not_fit_is_refused_with_what_does() {
    for (workers, set, expected) in [
        (
            &[4][..],
            &["threads=2"][..],
            "4 workers of so many threads need 8 cores, and this machine has 4 usable ones; give threads=1",
        ),
        (
            &[2],
            &["device=cuda"],
            "this machine has 1 GPUs, and each worker needs one",
        ),
        (
            &[3],
            &["scaling=strong", "batch=128"],
            "give a multiple of 3",
        ),
        (&[2], &["train_rows=100000"], "the data has 60000"),
        (
            &[2],
            &["train_rows=100", "batch=64"],
            "50 training rows each",
        ),
        (&[2], &["fault=kill:rank=2,step=1"], "the ranks are 0 to 1"),
        (
            &[2],
            &["fault=kill:rank=0,step=706,in=checkpoint"],
            "give one of 0 to 705",
        ),
        (
            &[2],
            &["fault=kill:rank=1,step=705"],
            "the training has 705 steps; give one of 0 to 704",
        ),
        (&[2], &["fault=explode"], "there is no such fault"),
    ] {
        let told = refusal(workers, set);
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn faults_are_flags_that_stand_for_the_parameter() {
    let lab = LabDefinition::parse(include_str!("../lab.toml")).unwrap();
    let usable = UsableCores {
        cores: 4.0,
        limit: "4 processors".to_owned(),
    };
    let ask = |faults: &[&str], set: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let request = Request {
            faults: owned(faults),
            set: owned(set),
            ..Request::default()
        };
        resolve(&lab, &request, &usable).map_err(|error| error.to_string())
    };
    let (kill, slow) = ("kill:rank=1,step=4", "slow:rank=0,factor=3");
    let flags = ask(&[kill, slow], &[]).unwrap();
    let set = ask(&[], &[&format!("fault={kill}; {slow}")]).unwrap();
    let one = ask(&[&format!("{kill};{slow}")], &[]).unwrap();
    assert_eq!(flags.params, one.params);
    for config in [&flags, &set, &one] {
        let told = format!(" --fault {kill} --fault {slow}");
        assert!(config.command.ends_with(&told), "{}", config.command);
    }
    // A text that is no list of faults is handed on as it is, for the lab to judge.
    let odd = ask(&[], &["fault=kill;"]).unwrap();
    assert!(
        odd.command.ends_with("--set 'fault=kill;'"),
        "{}",
        odd.command
    );
    assert!(
        ask(&[kill], &["fault="])
            .unwrap_err()
            .contains("give one of the two")
    );
}

#[test]
fn a_range_of_workers_stands_for_the_fewest_to_go_on_with() {
    let lab = LabDefinition::parse(include_str!("../lab.toml")).unwrap();
    let usable = UsableCores {
        cores: 4.0,
        limit: "4 processors".to_owned(),
    };
    let ask = |workers: &str, set: &[&str]| {
        let request = Request {
            workers: workers.parse().unwrap(),
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            ..Request::default()
        };
        resolve(&lab, &request, &usable).map_err(|error| error.to_string())
    };
    let range = ask("1..3", &[]).unwrap();
    let both = ask("3", &["least_workers=1"]).unwrap();
    assert_eq!(range.workers, [3]);
    assert_eq!(range, both);
    assert!(
        range.command.ends_with(" --workers 1..3"),
        "{}",
        range.command
    );
    // Several numbers, or a fewest that is more than there are, have no range.
    for (workers, least) in [("2,3", "least_workers=1"), ("2", "least_workers=3")] {
        let command = ask(workers, &[least]).unwrap().command;
        let told = format!(" --workers {workers} --set {least}");
        assert!(command.ends_with(&told), "{command}");
    }
    let twice = ask("1..2", &["least_workers=1"]).unwrap_err();
    assert!(twice.contains("give one of the two"), "{twice}");
    let many = ask("1..5", &[]).unwrap_err();
    assert!(many.contains("--workers 5"), "{many}");
}

#[test]
fn eight_gpus_take_eight_workers_and_each_its_own() {
    // 8 workers of 4 threads on 16 cores: on GPUs, cores are not what is shared out.
    let set = ["device=cuda", "threads=4"];
    let settings = read_on(8, &[2, 8], &set, false).unwrap();
    let devices: Vec<Device> = (0..8).map(|rank| settings.device(rank)).collect();
    let expected: Vec<Device> = (0..8).map(|index| Device::Cuda { index }).collect();
    assert_eq!(devices, expected);

    // More workers than GPUs do not fit, whatever may be shared otherwise.
    for oversubscribe in [false, true] {
        let told = read_on(8, &[9], &set, oversubscribe).unwrap_err();
        assert!(
            told.contains("`--workers 9`: this machine has 8 GPUs"),
            "{told}"
        );
    }
    // One that may shrink counts with all its workers, and a machine without GPUs takes none.
    assert!(read_on(8, &[12], &["device=cuda", "least_workers=4"], true).is_err());
    assert!(read_on(0, &[1], &["device=cuda"], true).is_err());
    // The base alone needs one.
    assert!(read_on(1, &[1], &["device=cuda"], false).is_ok());
}

#[test]
fn the_plan_gives_every_rank_its_gpu() {
    let settings = read_on(8, &[8], &["device=cuda"], false).unwrap();
    let scratch = std::path::Path::new("/scratch");
    for arm in [Arm::Single, Arm::ByHand, Arm::Launcher] {
        let plan = Plan::new(arm, 8, &settings, scratch);
        for rank in 0..plan.world {
            let spec = plan.spec(rank, plan.world, &plan.faults(), false);
            assert_eq!(spec.device, Device::Cuda { index: rank });
            spec.check(plan.world).unwrap();
        }
    }
    let settings = read_on(8, &[2], &[], false).unwrap();
    assert_eq!(settings.device(1), Device::Cpu);
}

#[test]
fn several_faults_are_read_in_order() {
    let settings = read(
        &[2],
        &["fault=kill:rank=1,step=4; slow:rank=0,factor=3"],
        false,
    )
    .unwrap();
    let told: Vec<String> = settings.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["kill:rank=1,step=4", "slow:rank=0,factor=3"]);
}

#[test]
fn the_learning_rate_follows_its_rule_in_weak_scaling_alone() {
    for (scaling, rule, expected) in [
        ("weak", "constant", 0.001),
        ("weak", "linear", 0.004),
        ("weak", "sqrt", 0.002),
        ("strong", "linear", 0.001),
    ] {
        let set = [format!("scaling={scaling}"), format!("lr_rule={rule}")];
        let settings = read(&[4], &[&set[0], &set[1]], false).unwrap();
        assert!(
            (settings.lr_of(4) - expected).abs() < 1e-12,
            "{scaling} {rule}"
        );
    }
}

#[test]
fn elastic_numbers_of_workers_are_checked_too() {
    // 4 divides 128, 3 does not.
    let told = refusal(&[4], &["scaling=strong", "least_workers=3"]);
    assert!(told.contains("a multiple of 3"), "{told}");
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_equal_work(
        workers in 1u32..9,
        rows in 200u64..3000,
        batch in 2u32..40,
        strong: bool,
    ) {
        let scaling = if strong { "scaling=strong" } else { "scaling=weak" };
        let (rows_set, batch_set) = (format!("train_rows={rows}"), format!("batch={batch}"));
        let set = [scaling, &rows_set, &batch_set];
        let Ok(settings) = read(&[workers], &set, true) else {
            return Ok(());
        };
        prop_assert_eq!(settings.train_rows, rows);
        for world in settings.worlds() {
            let step = u64::from(settings.batch_of(world) * world);
            // A single row that is left over goes into the step before.
            prop_assert_eq!(settings.steps_per_epoch(world), (rows - 1).div_ceil(step));
        }
    }
}

#[test]
fn what_tunes_a_training_reaches_the_workers_and_the_headline() {
    use workbench_ddp_protocol::{GradientFormat, Tuning};
    let set = [
        "precision=bf16",
        "accumulate=4",
        "channels_last=yes",
        "gradients=fp16",
        "find_unused_parameters=yes",
    ];
    let all = Tuning {
        precision: Precision::Bf16,
        accumulate: 4,
        channels_last: true,
        gradients: GradientFormat::Fp16,
        find_unused_parameters: true,
        static_graph: false,
    };
    let spec = |settings: &TrainSettings, arm| {
        let plan = Plan::new(arm, 2, settings, std::path::Path::new("scratch"));
        plan.spec(0, plan.world, &plan.faults(), false).tuning
    };
    let settings = read(&[2], &set, false).unwrap();
    for arm in [Arm::Single, Arm::ByHand, Arm::Launcher] {
        assert_eq!(spec(&settings, arm), all);
    }
    let told = settings.comparison();
    assert!(
        told.ends_with(
            "the learning rate stays, bfloat16, channels last, steps in 4 parts, gradients travel as fp16, unused parameters are looked for"
        ),
        "{told}"
    );
    let settings = read(&[2], &[&set[..], &["tuned_arms=parallel"]].concat(), false).unwrap();
    assert_eq!(spec(&settings, Arm::Single), Tuning::default());
    assert_eq!(spec(&settings, Arm::Launcher), all);
    assert!(settings.comparison().contains("one process without these"));
    let usual = read(&[2], &[], false).unwrap();
    assert_eq!(spec(&usual, Arm::ByHand), Tuning::default());
    assert!(usual.comparison().ends_with("the learning rate stays"));
    let fixed = read(&[2], &["static_graph=yes", "gradients=bf16"], false).unwrap();
    assert!(
        fixed
            .comparison()
            .ends_with("gradients travel as bf16, static graph")
    );
}

#[test]
fn tuning_that_cannot_be_is_refused_with_what_can() {
    let told = refusal(&[2], &["accumulate=65"]);
    assert!(
        told.contains("accumulate") && told.contains("give at most 64"),
        "{told}"
    );
    let told = refusal(&[2], &["batch=8", "scaling=strong", "accumulate=3"]);
    assert!(
        told.contains("a step of a worker has 4; give at most 2"),
        "{told}"
    );
    let told = refusal(&[2], &["accumulate=2", "static_graph=yes"]);
    assert!(told.contains("one pass per step"), "{told}");
    let told = read_on(2, &[2], &["precision=bf16", "device=cuda"], false).unwrap_err();
    assert!(told.contains("for processors here"), "{told}");
    // A machine without GPUs stands for one without the instructions here.
    let told = read_on(0, &[2], &["precision=bf16"], false).unwrap_err();
    assert!(told.contains("has no instructions for it"), "{told}");
}
