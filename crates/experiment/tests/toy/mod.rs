//! A lab for tests, whose arms do what a test wants, and runs of it.

use std::sync::{Arc, Mutex};

use workbench_experiment::lab::{
    ArmContext, ArmOutput, Breakdown, Item, Lab, LabDefinition, LabError, PreparedLab, RunConfig,
};
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_machine::{BuildFacts, usable_cores};
use workbench_record::{Record, RunStore};

/// What happens inside an arm, as the test wants it.
pub type Script = Arc<dyn Fn(&str, &ArmContext<'_>) -> Result<(), LabError> + Send + Sync>;

pub struct Toy {
    pub definition: LabDefinition,
    script: Script,
    /// Without enough cores for the workers.
    pub crowded: bool,
}

struct Ready(Script);

impl Toy {
    pub fn new(
        script: impl Fn(&str, &ArmContext<'_>) -> Result<(), LabError> + Send + Sync + 'static,
    ) -> Self {
        let text = r#"
            name = "toy"
            title = "A toy"
            summary = "Counts."
            base = "one"
            default_preset = "full"
            [[arm]]
            name = "one"
            title = "One after another"
            summary = "On one thread."
            parallel = false
            [[arm]]
            name = "many"
            title = "On a pool"
            summary = "On several."
            parallel = true
            [param]
            [preset.full]
            help = "All of it."
            repeats = 1
        "#;
        Self {
            definition: LabDefinition::parse(text).unwrap(),
            script: Arc::new(script),
            crowded: false,
        }
    }

    pub fn config(&self, repeats: u32) -> RunConfig {
        let request = Request {
            repeats: Some(repeats),
            workers: vec![1].into(),
            ..Request::default()
        };
        resolve(&self.definition, &request, &usable_cores()).unwrap()
    }
}

impl Lab for Toy {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        "# A toy"
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        assert!(config.oversubscribe || !self.crowded, "it would be refused");
        Ok(Box::new(Ready(Arc::clone(&self.script))))
    }
}

impl PreparedLab for Ready {
    fn data_sha256(&self) -> Option<String> {
        None
    }

    fn total_progress(&self, _: &str) -> u64 {
        1
    }

    fn warm_up(&self, _: &str, _: &ArmContext<'_>) -> Result<(), LabError> {
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        (self.0)(arm, ctx)?;
        if ctx.progress.is_cancelled() {
            return Err(LabError::Cancelled);
        }
        ctx.progress.add(1);
        Ok(ArmOutput {
            breakdown: Breakdown {
                facts: [("checkpoints".to_owned(), 2)].into(),
                ..Breakdown::default()
            },
            work: [("things".to_owned(), 1)].into(),
            items: vec![Item {
                name: "thing".to_owned(),
                sha256: "00".repeat(32),
                metrics: [].into(),
            }],
            ..ArmOutput::default()
        })
    }
}

/// Runs the toy in a directory of its own; returns its outcome and all records.
pub fn play(toy: &Toy, repeats: u32, control: &Control) -> (Ended, Vec<Record>, tempfile::TempDir) {
    play_and_watch(toy, repeats, control, |_| {})
}

/// The same; every record is shown once it is written, and nothing more is until that returns.
pub fn play_and_watch(
    toy: &Toy,
    repeats: u32,
    control: &Control,
    mut watch: impl FnMut(&Record) + Send + 'static,
) -> (Ended, Vec<Record>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let records: Arc<Mutex<Vec<Record>>> = Arc::default();
    let seen = Arc::clone(&records);
    let subscriber = Box::new(move |record: &Record| {
        watch(record);
        seen.lock().unwrap().push(record.clone());
    });
    let ended = run(
        toy,
        toy.config(repeats),
        &BuildFacts::default(),
        &store,
        subscriber,
        control,
    )
    .unwrap();
    let records = records.lock().unwrap().clone();
    (ended, records, dir)
}
