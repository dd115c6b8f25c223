//! A lab of programs, ready to run its arms.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use workbench_digest::Hasher;
use workbench_experiment::lab::{
    ArmContext, ArmOutput, Basis, Breakdown, DataSource, Finding, Item, LabError, PreparedLab,
    Progress, Quantity, Refusal, RunConfig,
};

use crate::attempt::{Attempted, HelperProcess, Oversight};
use crate::capture::{Printed, Wanted};
use crate::check::OutputCheck;
use crate::failure::{AttemptError, Stopped};
use crate::hashed::hash_file;
use crate::helper_link::KeptHelper;
use crate::messages;
use crate::program::{ArmProgram, CommandLine, PLACES, find, variables};
use crate::settings::{ProgramSettings, Timed, param, set};
use crate::template::{PlaceValues, Template};
use crate::told::{PROGRESS, Told, ToldResult};
use crate::wire::{ExitKind, LaunchOrder};
use crate::work_cpu::{WorkCpu, of_work};

/// How long processes may take to end after they were asked to, in milliseconds.
const GRACE_MS: u64 = 500;

/// A lab of programs that can run its arms.
pub(crate) struct Prepared {
    settings: ProgramSettings,
    seed: u64,
    dir: PathBuf,
    /// Values of placeholders that are the same in all repeats.
    values: PlaceValues,
    data_sha256: Option<String>,
    /// The helper between two programs.
    kept: KeptHelper,
    /// The helper of the next repeat, and who takes what its program prints.
    ready: Mutex<Option<Ready>>,
    /// Arms that have had their warm-up runs, with the number of workers.
    warm: Mutex<BTreeSet<(String, u32)>>,
}

struct Ready {
    attempt: HelperProcess,
    listener: Listener,
}

/// The progress that takes printed lines, once a repeat has begun.
type Listener = Arc<Mutex<Option<Progress>>>;

impl Prepared {
    /// Checks what can be checked without running anything.
    /// `data_sha256` is that of what the lab read from files.
    pub(crate) fn new(
        settings: &ProgramSettings,
        config: &RunConfig,
        data_sha256: Option<String>,
    ) -> Result<Self, Refusal> {
        let dir = std::path::absolute(if settings.dir.is_empty() {
            Path::new(".")
        } else {
            Path::new(&settings.dir)
        });
        let dir = dir.ok().filter(|dir| dir.is_dir());
        let dir = dir.ok_or_else(|| {
            Refusal::new(set(param::DIR), &settings.dir, "there is no such directory")
        })?;
        let this = Self {
            settings: settings.clone(),
            seed: config.seed,
            values: values(settings, config),
            data_sha256,
            kept: KeptHelper::default(),
            ready: Mutex::default(),
            warm: Mutex::default(),
            dir,
        };
        this.find_programs(config)?;
        Ok(this)
    }

    /// Refuses programs and files that are not there.
    fn find_programs(&self, config: &RunConfig) -> Result<(), Refusal> {
        let ProgramSettings {
            arms,
            prepare,
            cleanup,
            stdin,
            ..
        } = &self.settings;
        let wanted = |arm: &&ArmProgram| config.arms.contains(&arm.name);
        let arms = arms
            .iter()
            .filter(wanted)
            .map(|arm| (param::ARMS, &arm.line));
        let before = prepare.iter().map(|line| (param::PREPARE, line));
        let after = cleanup.iter().map(|line| (param::CLEANUP, line));
        for (param, line) in arms.chain(before).chain(after) {
            if let Some(program) = line.program()
                && find(&program, &self.dir).is_none()
            {
                let reason = messages::no_program(&program, &self.dir.display().to_string());
                return Err(Refusal::new(set(param), &line.text, reason));
            }
        }
        if let Some(input) = stdin
            && input.names().next().is_none()
        {
            let path = input.fill(&PlaceValues::new());
            if !self.dir.join(&path).is_file() {
                let reason = "there is no such file";
                return Err(Refusal::new(set(param::STDIN), path, reason));
            }
        }
        Ok(())
    }

    fn arm(&self, name: &str) -> Result<&ArmProgram, LabError> {
        let arm = self.settings.arms.iter().find(|arm| arm.name == name);
        arm.ok_or_else(|| LabError::Config(format!("there is no arm {name}")))
    }

    fn values(&self, ctx: &ArmContext<'_>) -> PlaceValues {
        let mut values = self.values.clone();
        values.extend([
            ("workers".to_owned(), ctx.workers.to_string()),
            ("seed".to_owned(), self.seed.to_string()),
            ("repeat".to_owned(), ctx.repeat.to_string()),
            ("scratch".to_owned(), ctx.scratch.display().to_string()),
        ]);
        values
    }

    fn order(&self, arm: &ArmProgram, line: &CommandLine, values: &PlaceValues) -> LaunchOrder {
        let mut vars = variables(values, &PLACES);
        vars.extend(
            arm.env
                .iter()
                .map(|(name, value)| (name.clone(), value.fill(values))),
        );
        let input = |stdin: &Template| self.dir.join(stdin.fill(values)).display().to_string();
        LaunchOrder {
            argv: line.argv(values),
            dir: self.dir.display().to_string(),
            vars,
            stdin: self.settings.stdin.as_ref().map(input),
            grace_ms: GRACE_MS,
            ..LaunchOrder::default()
        }
    }

    /// Runs a line off the clock.
    fn run_aside(
        &self,
        arm: &ArmProgram,
        line: &CommandLine,
        ctx: &ArmContext<'_>,
    ) -> Result<(), LabError> {
        let order = self.order(arm, line, &self.values(ctx));
        let failed = |error| LabError::Failed(messages::not_run(&arm.name, &line.text, &error));
        let take = Box::new(|_: &str, _: &str| {});
        let attempt =
            HelperProcess::start(order, (false, None), Wanted::default(), take, &self.kept);
        let watcher = Oversight {
            is_cancelled: &|| ctx.progress.is_cancelled(),
            look: &|_| {},
            limit: self.settings.time_limit,
            silence_limit: None,
        };
        let attempted = attempt
            .and_then(|mut attempt| attempt.go(&watcher, &mut |_| {}))
            .map_err(failed)?;
        self.judge(arm, &line.text, &attempted)
    }

    /// Whether a program has done its work.
    fn judge(&self, arm: &ArmProgram, line: &str, attempted: &Attempted) -> Result<(), LabError> {
        let expected = match attempted.exit {
            ExitKind::Code(code) => {
                let codes = self.settings.exit_codes.as_ref();
                codes.is_none_or(|codes| codes.contains(&code))
            }
            ExitKind::Signal(_) => false,
        };
        match attempted.stopped {
            Some(Stopped::OnRequest) => Err(LabError::Cancelled),
            None if expected => Ok(()),
            stopped => Err(LabError::Failed(messages::failed(
                &arm.name,
                line,
                attempted.exit,
                stopped,
                &attempted.printed.last_lines,
            ))),
        }
    }

    /// What came out, as the check compares it.
    fn items(
        &self,
        arm: &ArmProgram,
        printed: &Printed,
        values: &PlaceValues,
    ) -> Result<Vec<Item>, LabError> {
        let failed = |text: String| LabError::Failed(format!("arm {}: {text}", arm.name));
        let item = |name: &str, sha256: String, metrics| Item {
            name: name.to_owned(),
            sha256,
            metrics,
        };
        let mut numbers = printed.numbers.iter();
        let mut items = Vec::new();
        for check in self.settings.checks.iter() {
            let name = check.name();
            items.push(match check {
                OutputCheck::Outputs => continue,
                OutputCheck::Stdout => {
                    let sha256 = printed.sha256.clone().unwrap_or_default();
                    item(name, sha256, BTreeMap::new())
                }
                OutputCheck::File(path) => {
                    let file = self.dir.join(Template::new(path).fill(values));
                    let sha256 = hash_file(&file).map_err(|error| {
                        failed(format!(
                            "`--check file:{path}`: {}: {error}",
                            file.display()
                        ))
                    })?;
                    item(name, sha256, BTreeMap::new())
                }
                OutputCheck::Number { pattern, .. } => {
                    let number = numbers.next().copied().flatten().ok_or_else(|| {
                        failed(format!(
                            "no number in its output matches {pattern} (--check)"
                        ))
                    })?;
                    let mut hasher = Hasher::default();
                    hasher.update(number.to_le_bytes());
                    item(name, hasher.finish(), [(name.to_owned(), number)].into())
                }
            });
        }
        Ok(items)
    }

    /// Tells a reader of what was left behind and what could not be read.
    fn report(
        &self,
        arm: &ArmProgram,
        attempted: &Attempted,
        told: &ToldResult,
        ctx: &ArmContext<'_>,
    ) {
        let left = &attempted.used.left;
        if !left.is_empty() && self.settings.timed == Timed::Whole {
            let finding = messages::left_behind(&arm.name, ctx.workers, left);
            ctx.progress.report(finding.repeat(ctx.repeat));
        }
        if let Some((lines, first)) = told.wrong {
            let finding = messages::wrong_lines(&arm.name, ctx.workers, lines, first);
            ctx.progress.report(finding.repeat(ctx.repeat));
        }
    }

    /// When the work that counts began and ended, on the run's clock.
    fn worked(
        &self,
        arm: &ArmProgram,
        attempted: &Attempted,
        told: &ToldResult,
        ctx: &ArmContext<'_>,
    ) -> Result<[u64; 2], LabError> {
        match (self.settings.timed, told.ready_ns, told.done_ns) {
            (Timed::Whole, ..) => Ok(attempted.worked_ns(ctx.clock)),
            (Timed::Work, Some(ready), Some(done)) => Ok([ready, done.max(ready)]),
            (Timed::UntilDone, _, Some(done)) => {
                let [started, _] = attempted.worked_ns(ctx.clock);
                Ok([started, done.max(started)])
            }
            (Timed::Work | Timed::UntilDone, ..) => {
                let text = format!("arm {}: {}", arm.name, messages::NO_WORK_TOLD);
                Err(LabError::Failed(text))
            }
        }
    }

    /// What came out, from what was printed and told.
    fn output(
        &self,
        arm: &ArmProgram,
        printed: &Printed,
        told: ToldResult,
        ctx: &ArmContext<'_>,
    ) -> Result<ArmOutput, LabError> {
        let mut items = self.items(arm, printed, &self.values(ctx))?;
        let mut quality = quality(&items);
        quality.extend(told.quality);
        let has_told = !told.items.is_empty();
        items.extend(told.items);
        // Workers tell them as they get done.
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let is_told = |check: &OutputCheck| matches!(check, OutputCheck::Outputs);
        if !has_told && self.settings.checks.iter().any(is_told) {
            let text = format!("arm {}: {}", arm.name, messages::NO_OUTPUTS);
            return Err(LabError::Failed(text));
        }
        Ok(ArmOutput {
            work: told.work,
            breakdown: Breakdown {
                start_up: told.start_up,
                facts: told.facts,
                ..Breakdown::default()
            },
            quality,
            items,
            ..ArmOutput::default()
        })
    }
}

/// Values of placeholders that are the same in all repeats: those of the lab's parameters, and
/// where the data is.
fn values(settings: &ProgramSettings, config: &RunConfig) -> PlaceValues {
    let data = match &config.data {
        DataSource::Embedded => String::new(),
        DataSource::File { path, .. } | DataSource::Folder { path, .. } => path.clone(),
    };
    let value = |name: &String| Some((name.clone(), config.params.get(name)?.to_string()));
    let params = settings.params.iter().filter_map(value);
    params.chain([("data".to_owned(), data)]).collect()
}

impl PreparedLab for Prepared {
    fn data_sha256(&self) -> Option<String> {
        self.data_sha256.clone()
    }

    fn warnings(&self) -> Vec<Finding> {
        let is_compared = !self.settings.checks.is_empty();
        let warning = (!is_compared).then(messages::not_compared);
        warning.into_iter().collect()
    }

    fn total_progress(&self, _arm: &str) -> u64 {
        PROGRESS
    }

    fn basis(&self) -> Basis {
        self.settings.checks.basis()
    }

    fn needs_pool(&self, _arm: &str) -> bool {
        false
    }

    fn works_elsewhere(&self, _arm: &str) -> bool {
        true
    }

    fn warm_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError> {
        let arm = self.arm(arm)?;
        let scratch = fs::create_dir_all(ctx.scratch);
        scratch
            .map_err(|error| LabError::Environment(messages::no_scratch(ctx.scratch, &error)))?;
        let prepare = || match &self.settings.prepare {
            Some(line) => self.run_aside(arm, line, ctx),
            None => Ok(()),
        };
        if self.warm.lock().insert((arm.name.clone(), ctx.workers)) {
            for _ in 0..self.settings.warm_up {
                prepare()?;
                self.run_aside(arm, &arm.line, ctx)?;
            }
        }
        prepare()?;
        let order = self.order(arm, &arm.line, &self.values(ctx));
        let listener = Listener::default();
        let heard = Arc::clone(&listener);
        let take = Box::new(move |source: &str, line: &str| {
            if let Some(progress) = &*heard.lock() {
                progress.output(source, line);
            }
        });
        let wanted = self.settings.checks.wanted();
        let attempt = HelperProcess::start(order, (true, None), wanted, take, &self.kept);
        let attempt = attempt.map_err(|error| {
            LabError::Environment(messages::not_run(&arm.name, &arm.line.text, &error))
        })?;
        *self.ready.lock() = Some(Ready { attempt, listener });
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let arm = self.arm(arm)?;
        let ready = self.ready.lock().take();
        let Ready {
            mut attempt,
            listener,
        } = ready.ok_or_else(|| LabError::Failed("its helper is not there".to_owned()))?;
        *listener.lock() = Some(ctx.progress.clone());
        let most_rss = Cell::new(0);
        let watcher = Oversight {
            is_cancelled: &|| ctx.progress.is_cancelled(),
            look: &|look| {
                most_rss.set(most_rss.get().max(look.rss_bytes));
                ctx.progress.set_processes_cpu_ns(look.cpu_ns);
                ctx.progress.set_processes_rss(look.rss_bytes);
            },
            limit: self.settings.time_limit,
            silence_limit: self.settings.silence_limit,
        };
        let mut told = Told::new((&arm.name, ctx.workers), ctx.clock, ctx.progress, ctx.spans);
        let mut marks = WorkCpu::new(attempt.root());
        let attempted = attempt.go(&watcher, &mut |bytes| {
            told.push(bytes);
            marks.look(&told.result);
        });
        let told = told.finish();
        // Dropped when the clock does not run.
        *self.ready.lock() = Some(Ready { attempt, listener });
        let attempted = attempted.map_err(|error: AttemptError| {
            LabError::Failed(messages::not_run(&arm.name, &arm.line.text, &error))
        })?;
        let mut usage = attempted.used.usage.clone();
        usage.peak_memory_bytes = usage.peak_memory_bytes.max(most_rss.get());
        let cpu_ns = usage.processes.map_or(0, |processes| processes.cpu_ns());
        ctx.progress.set_processes_cpu_ns(cpu_ns);
        ctx.progress.set_processes_rss(0);
        self.report(arm, &attempted, &told, ctx);
        self.judge(arm, &arm.line.text, &attempted)?;
        let worked = self.worked(arm, &attempted, &told, ctx)?;
        let mut work_cpu_ns = None;
        if self.settings.timed == Timed::Work {
            work_cpu_ns = marks.between();
            usage.processes = usage.processes.map(|all| of_work(all, work_cpu_ns));
        }
        let output = self.output(arm, &attempted.printed, told, ctx)?;
        ctx.progress
            .add(PROGRESS.saturating_sub(ctx.progress.done()));
        Ok(ArmOutput {
            worked_ns: Some(worked),
            work_cpu_ns,
            usage: Some(Box::new(usage)),
            ..output
        })
    }

    fn clean_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError> {
        // The helper, whether its program was begun or not.
        drop(self.ready.lock().take());
        let arm = self.arm(arm)?;
        let cleaned = match &self.settings.cleanup {
            Some(line) => self.run_aside(arm, line, ctx),
            None => Ok(()),
        };
        // What cannot be removed is removed with the run.
        let _ = fs::remove_dir_all(ctx.scratch);
        cleaned
    }
}

/// The numbers that were found, as figures of the repeat.
fn quality(items: &[Item]) -> BTreeMap<String, Quantity> {
    let metrics = items.iter().flat_map(|item| &item.metrics);
    metrics
        .map(|(name, value)| (name.clone(), Quantity::Number(*value)))
        .collect()
}
