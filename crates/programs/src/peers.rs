//! Arms of a lab that do its work with what others have made: Python programs that come with the
//! lab, run in an environment that may be there or not.
//!
//! A lab that has such arms says so in its definition, and puts [`Peers::around`] what it has
//! prepared. The programs get the lab's data as files in the repeat's directory, and the parameters
//! as variables; they tell when their work begins and ends, so that the start of Python is on no
//! clock.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use workbench_experiment::lab::{
    ArmContext, ArmOutput, Basis, DataSource, Finding, LabDefinition, LabError, MakeAgain,
    NearPeers, Params, PreparedLab, RecordedItem, RunConfig,
};
use workbench_pool::Pool;
use workbench_record::TASK_OVERHEAD;

use crate::check::OutputChecks;
use crate::messages;
use crate::peer_probe::PeerProblem;
use crate::peers_found::FoundPeers;
use crate::prepared::Prepared;
use crate::program::{ArmProgram, CommandLine};
use crate::settings::{ProgramSettings, Timed};
use crate::template::Template;
use crate::told::PROGRESS;

/// The file by which programs tell of their work.
const ARM_FILE: &str = "workbench_arm.py";
/// Tasks that do nothing, which are handed to the pool at once to see what a task costs.
const NOTHINGS: u32 = 10_000;
/// Variables of all peers: one thread for each worker, as in the lab's own arms.
const VARIABLES: [(&str, &str); 6] = [
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
    ("PYTHONUNBUFFERED", "1"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONPATH", "{scratch}"),
];

/// Writes what the programs read into a directory.
pub type WriteInput = Box<dyn Fn(&Path) -> io::Result<()> + Send + Sync>;

/// What a lab gives to its peers.
pub struct Peers {
    /// The Python to run them with, whether it is there or not.
    pub python: Option<PathBuf>,
    /// Their files with their names; the first is started, with the arm's name as its argument.
    pub files: &'static [(&'static str, &'static str)],
    /// Writes their data.
    pub input: WriteInput,
    /// How near their outputs have to come to those of the base.
    pub near: NearPeers,
    /// What of their time counts: as much of it as of the lab's own arms.
    pub timed: Timed,
    /// For how long a repeat may tell of no progress.
    pub silence_limit: Option<Duration>,
    /// Why they cannot do what a run asks for, as a part of a sentence.
    pub unfit: Option<String>,
}

impl Peers {
    /// What a lab has prepared, with the peers among the arms of a run.
    ///
    /// # Errors
    /// When they cannot be prepared.
    pub fn around(
        self,
        own: Box<dyn PreparedLab>,
        lab: &LabDefinition,
        config: &RunConfig,
    ) -> Result<Box<dyn PreparedLab>, LabError> {
        let wanted = FoundPeers::wanted(lab, config);
        if wanted.is_empty() {
            return Ok(own);
        }
        let found = match &self.unfit {
            Some(why) => FoundPeers::none(&wanted, &PeerProblem::Unfit(why.clone())),
            None => FoundPeers::look(lab, &wanted, self.python.as_deref()),
        };
        let there = |name: &&String| found.can_run(name);
        let arms = wanted.iter().filter(there).map(|name| self.program(name));
        let settings = ProgramSettings {
            arms: arms.collect::<Result<_, LabError>>()?,
            exit_codes: Some(BTreeSet::from([0])),
            params: lab.params.keys().cloned().collect(),
            checks: OutputChecks::told(),
            timed: self.timed,
            silence_limit: self.silence_limit,
            ..ProgramSettings::default()
        };
        let programs = Prepared::new(&settings, config, None).map_err(LabError::Refused)?;
        Ok(Box::new(WithPeers {
            own,
            programs,
            peers: self,
            wanted: wanted.into_iter().collect(),
            found,
            overheads: Mutex::default(),
        }))
    }

    fn program(&self, arm: &str) -> Result<ArmProgram, LabError> {
        let python = self.python.as_deref().unwrap_or(Path::new(""));
        let first = self.files.first().map_or("", |(name, _)| name);
        let python = shell_words::quote(&python.to_string_lossy()).into_owned();
        let line = CommandLine::new(&format!("{python} {{scratch}}/{first} {arm}"), false);
        let line = line.map_err(|error| LabError::Config(messages::no_line(error).to_owned()))?;
        let env = VARIABLES.map(|(name, value)| (name.to_owned(), Template::new(value)));
        Ok(ArmProgram {
            name: arm.to_owned(),
            line,
            env: env.to_vec(),
        })
    }

    /// Puts everything into the directory of a repeat that its program reads.
    fn write(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        let arm_file = (ARM_FILE, crate::PYTHON);
        for (name, text) in self.files.iter().chain([&arm_file]) {
            fs::write(dir.join(name), text)?;
        }
        (self.input)(dir)
    }
}

/// What a lab has prepared, and its peers.
struct WithPeers {
    own: Box<dyn PreparedLab>,
    programs: Prepared,
    peers: Peers,
    wanted: BTreeSet<String>,
    found: FoundPeers,
    /// What a task of the pool costs, by arm and number of workers, in nanoseconds.
    overheads: Mutex<BTreeMap<(String, u32), u64>>,
}

impl WithPeers {
    /// Whether an arm is a peer; an error where it cannot run.
    fn is_peer(&self, arm: &str) -> Result<bool, LabError> {
        match self.found.why_not(arm) {
            Some(why) => Err(LabError::Environment(why)),
            None => Ok(self.wanted.contains(arm)),
        }
    }
}

impl PreparedLab for WithPeers {
    fn data(&self) -> Option<DataSource> {
        self.own.data()
    }

    fn data_sha256(&self) -> Option<String> {
        self.own.data_sha256()
    }

    fn split_sha256(&self) -> Option<String> {
        self.own.split_sha256()
    }

    fn software(&self) -> BTreeMap<String, String> {
        let releases = self.found.software();
        self.own.software().into_iter().chain(releases).collect()
    }

    fn item_again(&self, recorded: &RecordedItem<'_>) -> Option<MakeAgain<'_>> {
        let is_peer = self.wanted.contains(recorded.arm);
        (!is_peer).then(|| self.own.item_again(recorded))?
    }

    fn settled(&self) -> Params {
        self.own.settled()
    }

    fn warnings(&self) -> Vec<Finding> {
        let mut findings = self.own.warnings();
        let python = self.peers.python.as_deref();
        findings.extend(self.found.releases(python, self.peers.timed));
        findings
    }

    fn total_progress(&self, arm: &str) -> u64 {
        if self.wanted.contains(arm) {
            return PROGRESS;
        }
        self.own.total_progress(arm)
    }

    fn basis(&self) -> Basis {
        self.own.basis()
    }

    fn near_peers(&self) -> Option<NearPeers> {
        Some(self.peers.near.clone())
    }

    fn skipped(&self) -> Vec<(String, Finding)> {
        self.found.skipped()
    }

    fn comparison_note(&self) -> Option<String> {
        self.own.comparison_note()
    }

    fn needs_pool(&self, arm: &str) -> bool {
        !self.wanted.contains(arm) && self.own.needs_pool(arm)
    }

    fn works_elsewhere(&self, arm: &str) -> bool {
        self.wanted.contains(arm) || self.own.works_elsewhere(arm)
    }

    fn continues(&self, arm: &str) -> bool {
        !self.wanted.contains(arm) && self.own.continues(arm)
    }

    fn warm_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError> {
        if self.is_peer(arm)? {
            let written = self.peers.write(ctx.scratch);
            written.map_err(|error| {
                LabError::Environment(messages::no_scratch(ctx.scratch, &error))
            })?;
            return self.programs.warm_up(arm, ctx);
        }
        self.own.warm_up(arm, ctx)?;
        if let (Some(pool), Ok(mut overheads)) = (ctx.pool, self.overheads.lock()) {
            overheads.insert((arm.to_owned(), ctx.workers), task_overhead_ns(pool));
        }
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        if self.is_peer(arm)? {
            return self.programs.run_arm(arm, ctx);
        }
        let mut output = self.own.run_arm(arm, ctx)?;
        if let Ok(overheads) = self.overheads.lock()
            && let Some(ns) = overheads.get(&(arm.to_owned(), ctx.workers))
        {
            let facts = &mut output.breakdown.facts;
            facts.insert(TASK_OVERHEAD.to_owned(), *ns);
        }
        Ok(output)
    }

    fn clean_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError> {
        if self.wanted.contains(arm) {
            return self.programs.clean_up(arm, ctx);
        }
        self.own.clean_up(arm, ctx)
    }
}

/// What a task costs that does nothing: wall time for each of many that are spawned at once.
fn task_overhead_ns(pool: &Pool) -> u64 {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..NOTHINGS).map(|_| pool.spawn(|| ())).collect();
    for task in tasks {
        // Doing nothing cannot fail.
        let _ = task.get();
    }
    let ns = begun.elapsed().as_nanos() / u128::from(NOTHINGS);
    u64::try_from(ns).unwrap_or(u64::MAX)
}
