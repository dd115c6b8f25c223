//! Small searches, and commands about them.

use workbench_experiment::lab::{
    CommandInput, CommandOutput, LabError, LabHost, OutputTable, Params,
};
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_machine::{BuildFacts, UsableCores};
use workbench_record::{Event, RunStore};

/// 8 trials of up to 8 epochs on a few hundred rows.
pub const SMALL: [&str; 5] = [
    "trials=8",
    "budget=8",
    "grace=2",
    "rows=400",
    "hidden=integer(8,32)",
];

/// A run of one repeat.
pub fn request(arms: &str, workers: u32, set: &[&str]) -> Request {
    Request {
        set: set.iter().map(|text| (*text).to_owned()).collect(),
        arms: arms.split(',').map(str::to_owned).collect(),
        workers: vec![workers].into(),
        repeats: Some(1),
        ..Request::default()
    }
}

/// Runs it.
pub fn play(request: &Request) -> Ended {
    play_with(request, &Control::default(), |_| {})
}

/// Runs it, with a control and somebody who watches.
pub fn play_with(
    request: &Request,
    control: &Control,
    watch: impl Fn(&Event) + Send + 'static,
) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    let usable = UsableCores {
        cores: 2.0,
        limit: String::new(),
    };
    let config = resolve(lab.definition(), request, &usable).unwrap();
    let build = BuildFacts::default();
    run(
        lab.as_ref(),
        config,
        &build,
        &store,
        Box::new(move |record| watch(&record.event)),
        control,
    )
    .unwrap()
}

/// Does a command about a run.
pub fn command(ended: &Ended, name: &str, given: &[(&str, &str)]) -> CommandOutput {
    try_command(ended, name, given).unwrap()
}

/// Does a command about a run, or says why not.
pub fn try_command(
    ended: &Ended,
    name: &str,
    given: &[(&str, &str)],
) -> Result<CommandOutput, LabError> {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    let mut commands = lab.definition().commands.iter();
    let offered = commands.find(|offered| offered.name == name).unwrap();
    let mut options = Params::default();
    for (option, spec) in &offered.options {
        let text = given.iter().find(|(known, _)| known == option);
        let value = text.map_or(spec.default_value(), |(_, text)| {
            spec.parse(option, text).unwrap()
        });
        options.insert(option.clone(), value);
    }
    let input = CommandInput {
        run_id: &ended.run.id(),
        snapshot: &ended.snapshot,
        options: &options,
    };
    lab.command(name, &input)
}

/// One of its tables.
pub fn table(output: &CommandOutput, index: usize) -> &OutputTable {
    &output.tables[index]
}
