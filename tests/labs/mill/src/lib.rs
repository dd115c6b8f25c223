//! A lab for tests: blocks that are hashed by worker processes. Its workers speak messages of their
//! own, and are the program that made the lab: made in a worker, the lab plays it.

mod block;
mod helpers;
mod worker;

use std::time::Instant;

use workbench_experiment::lab::{
    ArmContext, ArmOutput, Breakdown, DefinitionError, Item, Lab, LabDefinition, LabError, LabHost,
    ParamValue, PreparedLab, Quantity, RunConfig,
};

use block::{Hashed, Prepared, hash, name, span};

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

impl PreparedLab for Prepared {
    fn data_sha256(&self) -> Option<String> {
        None
    }

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
            ..ArmOutput::default()
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
