//! `workbench setup peers`: the Python environments of arms that others have made.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use workbench_experiment::lab::Lab;
use workbench_report::format;
use workbench_words::counted;

use crate::exit_error::{ExitError, code};
use crate::libtorch::{CACHE_VARIABLE, CacheFolder, Tools};
use crate::output;
use crate::peers::{PeerStep, PeersPlace, install};
use crate::registry;

/// What `workbench setup peers` is told.
#[derive(Debug, Default, Args)]
pub struct PeersArgs {
    /// The labs whose peers are installed [default: all that have some]
    #[arg(value_name = "LAB")]
    pub of: Vec<String>,

    /// Only say what is there; exits 3 when something is missing
    #[arg(long, conflicts_with = "yes")]
    pub check: bool,

    /// Download without asking
    #[arg(long, short)]
    pub yes: bool,

    /// Where everything goes [default: the platform's cache directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = CACHE_VARIABLE)]
    pub dir: Option<PathBuf>,
}

/// Makes the environments that are missing.
pub fn run(labs: &[Box<dyn Lab>], args: PeersArgs) -> Result<u8, ExitError> {
    let cache = CacheFolder::new(args.dir)?;
    let places = places(labs, &args.of, &cache)?;
    let (whole, missing): (Vec<_>, Vec<_>) = places.into_iter().partition(PeersPlace::is_whole);
    for place in &whole {
        output::line(&there(place))?;
    }
    if args.check {
        for place in &missing {
            output::line(&format!("{:<8} peers of {}", "missing", place.lab))?;
        }
        let all = missing.is_empty();
        return Ok(if all { code::DONE } else { code::ENVIRONMENT });
    }
    if missing.is_empty() {
        return Ok(code::DONE);
    }
    if !args.yes && !agreed(&missing, &cache)? {
        return Err(ExitError::environment("nothing was downloaded"));
    }
    for place in &missing {
        let tools = Tools::default();
        install(place, (cache.root(), &tools), &mut |number, step| {
            let steps = PeerStep::ALL.len();
            // A closed standard error must not end a download.
            let _ = output::error_line(&format!("{number}/{steps}  {}", step.title(place)));
        })?;
        output::line(&there(place))?;
    }
    Ok(code::DONE)
}

fn there(place: &PeersPlace) -> String {
    format!(
        "{:<8} peers of {} in {}",
        "found",
        place.lab,
        place.folder.display()
    )
}

fn places(
    labs: &[Box<dyn Lab>],
    wanted: &[String],
    cache: &CacheFolder,
) -> Result<Vec<PeersPlace>, ExitError> {
    let mut places = Vec::new();
    for name in wanted {
        let lab = registry::find(labs, name)?.definition();
        let place = PeersPlace::of(lab, cache).ok_or_else(|| {
            ExitError::usage(format!("`workbench setup peers {name}`: it has no peers"))
        })?;
        places.push(place);
    }
    if wanted.is_empty() {
        let all = labs.iter().map(|lab| lab.definition());
        places = all.filter_map(|lab| PeersPlace::of(lab, cache)).collect();
    }
    Ok(places)
}

/// Says what will be downloaded and asks; without a terminal it cannot ask.
fn agreed(missing: &[PeersPlace], cache: &CacheFolder) -> Result<bool, ExitError> {
    let of = |size: fn(&PeersPlace) -> u64| missing.iter().map(size).sum::<u64>() << 20;
    let packages: usize = missing
        .iter()
        .map(|place| place.packages.packages.len())
        .sum();
    let labs: Vec<&str> = missing.iter().map(|place| place.lab.as_str()).collect();
    let announcement = format!(
        "The peers of {} are not there. They are {} with what these need: about {} to download, through pip, and {} on disk, in {}.",
        labs.join(" and "),
        counted(packages as u64, "Python package"),
        format::bytes(of(|place| place.packages.download_mb)),
        format::bytes(of(|place| place.packages.disk_mb)),
        cache.root().display()
    );
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(ExitError::environment(format!(
            "{announcement} Run `workbench setup peers --yes` to install them"
        )));
    }
    Ok(output::ask(&format!("{announcement}\nContinue?"))?)
}
