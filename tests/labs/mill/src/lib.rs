//! A lab for tests: blocks that are hashed by worker processes. Its workers speak messages of their own,
//! and are the program that made the lab: made in a worker, the lab plays it.

mod helpers;
mod worker;

use std::path::PathBuf;
use std::time::Instant;

use workbench_clock::thread_cpu_ns;
use workbench_digest::Hasher;
use workbench_experiment::lab::{
    ArmContext, ArmOutput, Breakdown, DefinitionError, Item, Lab, LabDefinition, LabError, LabHost,
    ParamValue, PreparedLab, Quantity, RunConfig,
};
use workbench_pool::{Outcome, TaskSpan};

/// Makes the lab. In one of its own workers this does the worker's work instead, and never returns.
///
/// # Errors
/// When `lab.toml` is broken.
pub fn lab(host: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    if worker::is_one() {
        std::process::exit(i32::from(worker::work().is_err()));
    }
    let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
    Ok(Box::new(Mill { definition, host }))
}

struct Mill {
    definition: LabDefinition,
    host: LabHost,
}

impl Lab for Mill {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let wrong = |name: &str| LabError::Config(format!("`--set {name}`: cannot be used"));
        let number = |name: &str| match config.params.get(name) {
            Some(ParamValue::Integer(n)) => Ok(*n as u64),
            _ => Err(wrong(name)),
        };
        let mishap = match config.params.get("mishap") {
            Some(ParamValue::Text(text)) if text.is_empty() => None,
            Some(ParamValue::Text(text)) => Some(text.parse().map_err(|_| wrong("mishap"))?),
            _ => return Err(wrong("mishap")),
        };
        let program = (self.host.program)("workbench")
            .ok_or_else(|| LabError::Environment("the program does not know itself".to_owned()))?;
        Ok(Box::new(Prepared {
            blocks: number("blocks")?,
            rounds: number("rounds")?,
            seed: config.seed,
            mishap,
            program,
        }))
    }
}

/// What there is to do, and who does it.
struct Prepared {
    blocks: u64,
    rounds: u64,
    seed: u64,
    mishap: Option<u64>,
    program: PathBuf,
}

/// A block that was hashed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Hashed {
    /// Its number.
    pub block: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// Wall time in nanoseconds.
    pub took_ns: u64,
    /// CPU time in nanoseconds.
    pub cpu_ns: u64,
}

/// Hashes a block.
fn hash(block: u64, rounds: u64, seed: u64) -> Hashed {
    let (begun, cpu_ns) = (Instant::now(), thread_cpu_ns());
    let mut hash = format!("{seed} {block}");
    for _ in 0..rounds {
        let mut hasher = Hasher::default();
        hasher.update(&hash);
        hash = hasher.finish();
    }
    Hashed {
        block,
        hash,
        took_ns: begun.elapsed().as_nanos() as u64,
        cpu_ns: thread_cpu_ns() - cpu_ns,
    }
}

/// The span of a block that a slot has just hashed.
fn span(hashed: &Hashed, slot: u32, finished_ns: u64) -> TaskSpan {
    let started_ns = finished_ns.saturating_sub(hashed.took_ns);
    TaskSpan {
        task: hashed.block,
        name: name(hashed.block).into(),
        group: hashed.block as u32,
        part: 0,
        slot,
        attempt: 0,
        queued_ns: started_ns,
        ready_ns: started_ns,
        started_ns,
        finished_ns,
        cpu_ns: hashed.cpu_ns,
        outcome: Outcome::Done,
    }
}

fn name(block: u64) -> String {
    format!("block {block}")
}

impl PreparedLab for Prepared {
    fn total_progress(&self, _arm: &str) -> u64 {
        self.blocks
    }

    fn needs_pool(&self, _arm: &str) -> bool {
        false
    }

    fn warm_up(&self, _arm: &str, _ctx: &ArmContext<'_>) -> Result<(), LabError> {
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let begun = Instant::now();
        let (mut hashed, slots) = if arm == "at-home" {
            (self.at_home(ctx), Vec::new())
        } else {
            helpers::run(self, ctx)?
        };
        if ctx.progress.is_cancelled() {
            return Err(LabError::Cancelled);
        }
        hashed.sort_by_key(|hashed| hashed.block);
        let per_s = hashed.len() as f64 / begun.elapsed().as_secs_f64();
        Ok(ArmOutput {
            work: [("blocks".to_owned(), hashed.len() as u64)].into(),
            quality: [("blocks_per_s".to_owned(), Quantity::Number(per_s))].into(),
            items: hashed.into_iter().map(item).collect(),
            breakdown: Breakdown {
                slots,
                ..Breakdown::default()
            },
        })
    }
}

fn item(hashed: Hashed) -> Item {
    Item {
        name: name(hashed.block),
        sha256: hashed.hash,
        metrics: [].into(),
    }
}

impl Prepared {
    fn at_home(&self, ctx: &ArmContext<'_>) -> Vec<Hashed> {
        (0..self.blocks)
            .take_while(|_| !ctx.progress.is_cancelled())
            .map(|block| {
                let hashed = hash(block, self.rounds, self.seed);
                (ctx.spans)(span(&hashed, 0, ctx.clock.now_ns()));
                ctx.progress.add(1);
                hashed
            })
            .collect()
    }
}
