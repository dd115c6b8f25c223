//! Set-ups that were kept on the screen: listing and deleting them, and running one without a
//! screen.

use workbench_experiment::lab::Lab;
use workbench_experiment::setup::{SavedSetup, SavedSetupError, SetupStore};
use workbench_experiment::{AskedWorkers, Request, RequestError};
use workbench_report::format;

use crate::config::kept;
use crate::exit_error::{ExitError, code};
use crate::output;
use crate::registry;
use crate::table::TextTable;

/// The longest message about a set-up, in characters.
const LONGEST: usize = 400;

/// Lists the set-ups, or deletes one.
pub fn run(delete: Option<&str>) -> Result<u8, ExitError> {
    let store = store()?;
    if let Some(name) = delete {
        store.delete(name).map_err(|error| unusable(&error))?;
        return Ok(code::DONE);
    }
    let cannot = |error| ExitError::cannot(&format!("read {}", store.folder().display()), &error);
    let all = store.list().map_err(cannot)?;
    if all.is_empty() {
        output::print("No set-up was kept yet: S in the form of a lab keeps one.\n")?;
        return Ok(code::DONE);
    }
    let mut table = TextTable::new();
    table.header(["name", "lab", "preset", "note"]);
    for named in &all {
        let clean = |text: &str| format::clean(text, LONGEST);
        let (lab, preset, note) = match &named.setup {
            Ok((setup, problems)) => {
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let preset = setup.preset.as_deref().unwrap_or_default();
                (clean(&setup.lab), clean(preset), clean(&told.join("; ")))
            }
            Err(error) => (String::new(), String::new(), clean(&error.to_string())),
        };
        let name = clean(&named.name);
        table.row([name.as_str(), &lab, &preset, &note]);
    }
    output::print(&table.render(0, output::room()))?;
    output::print(&format!("\nIn {}\n", store.folder().display()))?;
    Ok(code::DONE)
}

/// The set-up of a name. What of its file cannot be used is said on the standard error.
pub fn read(name: &str) -> Result<SavedSetup, ExitError> {
    let (setup, problems) = store()?.read(name).map_err(|error| unusable(&error))?;
    warn(name, &problems)?;
    Ok(setup)
}

/// The lab that is run: the one that was named, which has to be that of the set-up, if any.
pub fn lab<'a>(
    labs: &'a [Box<dyn Lab>],
    named: Option<&str>,
    (name, setup): (&str, &SavedSetup),
) -> Result<&'a dyn Lab, ExitError> {
    if let Some(lab) = named.filter(|lab| *lab != setup.lab) {
        let text = format!(
            "`--setup {name}` is for the lab {}, and `--lab {lab}` is another; leave out one of the two",
            setup.lab
        );
        return Err(ExitError::usage(text));
    }
    registry::find(labs, &setup.lab).map_err(|error| {
        let text = format!("`--setup {name}`: {}", error.message);
        ExitError::usage(text)
    })
}

/// What a set-up stands for in a lab. What the lab knows no more is said on the standard error.
pub fn request(name: &str, setup: &SavedSetup, lab: &dyn Lab) -> Result<Request, ExitError> {
    let (setup, problems) = setup.fitted(lab);
    warn(name, &problems)?;
    let in_setup = |error: RequestError| ExitError::usage(format!("in the set-up {name}: {error}"));
    setup.request().map_err(in_setup)
}

/// The first request where the second one says nothing.
pub fn with(kept: Request, given: Request) -> Request {
    fn or<T>(given: Vec<T>, kept: Vec<T>) -> Vec<T> {
        if given.is_empty() { kept } else { given }
    }
    let other_data = given.data.is_some();
    Request {
        preset: given.preset.or(kept.preset),
        // Of two values of one parameter the later one holds.
        set: [kept.set, given.set].concat(),
        arms: or(given.arms, kept.arms),
        peers: given.peers || kept.peers,
        workers: if given.workers == AskedWorkers::default() {
            kept.workers
        } else {
            given.workers
        },
        repeats: given.repeats.or(kept.repeats),
        seed: given.seed.or(kept.seed),
        faults: or(given.faults, kept.faults),
        options: or(given.options, kept.options),
        target: given.target.or(kept.target.filter(|_| !other_data)),
        reading: if other_data {
            given.reading
        } else {
            kept.reading
        },
        data: given.data.or(kept.data),
        oversubscribe: given.oversubscribe || kept.oversubscribe,
        until: given.until.or(kept.until),
        max_time: given.max_time.or(kept.max_time),
        control: given.control || kept.control,
    }
}

fn store() -> Result<SetupStore, ExitError> {
    let folder = kept::setups();
    let none = || ExitError::environment("this account has no folder for settings".to_owned());
    folder.map(SetupStore::at).ok_or_else(none)
}

fn unusable(error: &SavedSetupError) -> ExitError {
    match error {
        SavedSetupError::Io { name, source } => {
            ExitError::cannot(&format!("use the set-up {name}"), source)
        }
        other => ExitError::usage(format::clean(&other.to_string(), LONGEST)),
    }
}

fn warn<T: ToString>(name: &str, problems: &[T]) -> Result<(), ExitError> {
    for problem in problems {
        let line = format!(
            "workbench: left out of the set-up {name}: {}",
            problem.to_string()
        );
        output::error_line(&format::clean(&line, LONGEST))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_what_was_kept() {
        let kept = Request {
            preset: Some("quick".to_owned()),
            set: vec!["a=1".to_owned(), "b=2".to_owned()],
            repeats: Some(5),
            data: Some("a.csv".into()),
            target: Some("y".to_owned()),
            control: true,
            ..Request::default()
        };
        let given = Request {
            set: vec!["b=3".to_owned()],
            repeats: Some(9),
            ..Request::default()
        };
        let both = with(kept.clone(), given);
        assert_eq!(both.set, ["a=1", "b=2", "b=3"]);
        assert_eq!((both.repeats, both.control), (Some(9), true));
        assert_eq!(both.data, kept.data);
        assert_eq!(with(kept.clone(), Request::default()), kept);
        // Another file has other columns.
        let other = Request {
            data: Some("b.csv".into()),
            ..Request::default()
        };
        let both = with(kept, other);
        assert_eq!((both.data, both.target), (Some("b.csv".into()), None));
    }
}
