//! `workbench grade DIR -o FILE`: points, tables and pages of a class.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use workbench_classroom::{
    Graded, autograder, canvas, class_page, grade, gradescope, json, moodle, reading_pages, table,
    verify_all,
};
use workbench_experiment::lab::Lab;
use workbench_machine::usable_cores;
use workbench_record::whole::{Draft, parent};
use workbench_submission::{Verifier, hand_ins, student};

use crate::assignments;
use crate::exit_error::{ExitError, code};
use crate::output;

/// How it is used, for its help.
pub const EXAMPLES: &str = "\
Examples:
  workbench grade hand-ins/ -o grades.csv --assignment assignment.toml
  workbench grade hand-ins/ -o grades.csv --names --reexecute 5
  workbench grade --gradescope autograder/ --assignment assignment.toml";

/// What `workbench grade` takes.
#[derive(Debug, Args)]
pub struct GradeArgs {
    /// Folders of hand-ins, or hand-ins
    #[arg(num_args = 1.., required_unless_present = "gradescope", value_hint = ValueHint::AnyPath)]
    pub hand_ins: Vec<PathBuf>,
    /// The table to write, for example grades.csv; beside it come tables for Canvas and Moodle,
    /// JSON, the page of the class, and a page of texts for each question that a person reads
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Write names on the pages
    #[arg(long)]
    pub names: bool,
    /// Make so many outputs of every hand-in again here, and compare them bit for bit
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub reexecute: u32,
    /// Write what Gradescope reads: a file for one hand-in, a folder for several
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub results: Option<PathBuf>,
    /// Make the folder of an autograder for Gradescope, with this program in it; nothing is graded
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    #[arg(conflicts_with_all = ["hand_ins", "output", "results"])]
    pub gradescope: Option<PathBuf>,
}

/// Grades a class, or makes an autograder.
pub fn run(
    labs: &[Box<dyn Lab>],
    args: &GradeArgs,
    assignment: Option<&Path>,
) -> Result<u8, ExitError> {
    if let Some(folder) = &args.gradescope {
        return make_autograder(folder, assignment);
    }
    if args.output.is_none() && args.results.is_none() {
        return Err(ExitError::usage(
            "say where the grades go: -o grades.csv, or --results for what Gradescope reads",
        ));
    }
    let assignment = assignment.map(assignments::read).transpose()?;
    let paths = hand_ins(&args.hand_ins).map_err(ExitError::usage)?;
    let verifier = Verifier::new(labs, assignment.clone());
    let threads = (usable_cores().cores.ceil() as usize).clamp(1, 16);
    let all = verify_all(&verifier, &paths, (threads, args.reexecute), &|done| {
        progress(done, paths.len());
    });
    let class: Vec<Graded> = all
        .iter()
        .zip(&paths)
        .map(|(verified, path)| {
            grade(
                &verifier,
                verified,
                &student(path, &args.hand_ins),
                assignment.as_ref(),
            )
        })
        .collect();
    let title = assignment.map_or_else(|| "Class".to_owned(), |a| a.assignment.title);
    if let Some(results) = &args.results {
        write_results(results, &class)?;
    }
    if let Some(table) = &args.output {
        write_class(table, &class, &title, args.names)?;
    }
    for graded in class.iter().filter(|graded| !graded.remarks().is_empty()) {
        let remarks = graded.remarks().join(", ");
        output::line(&format!("{}: {remarks}", graded.student))?;
    }
    Ok(code::DONE)
}

/// One line that is written over, on a terminal; every 20th hand-in elsewhere.
fn progress(done: usize, of: usize) {
    let is_seen = std::io::stderr().is_terminal();
    if is_seen || done == of || done.is_multiple_of(20) {
        let end = if is_seen && done < of { "\r" } else { "\n" };
        // Progress that cannot be shown stops nothing.
        let _ = write!(std::io::stderr(), "graded {done} of {of}{end}");
    }
}

fn write_class(target: &Path, class: &[Graded], title: &str, names: bool) -> Result<(), ExitError> {
    let stem = target
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let beside = |suffix: &str| parent(target).join(format!("{stem}{suffix}"));
    let mut files = vec![
        (target.to_owned(), table(class)),
        (beside("-canvas.csv"), canvas(class, title)),
        (beside("-moodle.csv"), moodle(class)),
        (
            beside(".json"),
            json(class).map_err(|error| not_json(&error))?,
        ),
        (
            beside("-class.html"),
            class_page(class, title, names).into_bytes(),
        ),
    ];
    for page in reading_pages(class, names) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let id: String = page
            .question
            .chars()
            .filter(|c| is_plain(*c))
            .take(60)
            .collect();
        files.push((beside(&format!("-read-{id}.html")), page.html.into_bytes()));
    }
    for (path, content) in files {
        write(&path, &content)?;
        output::line(&format!("Wrote {}.", path.display()))?;
    }
    Ok(())
}

fn write_results(target: &Path, class: &[Graded]) -> Result<(), ExitError> {
    if let [graded] = class
        && target.extension().is_some()
    {
        return write(
            target,
            &gradescope(graded).map_err(|error| not_json(&error))?,
        );
    }
    fs::create_dir_all(target).map_err(|error| ExitError::cannot("make the folder", &error))?;
    for (number, graded) in class.iter().enumerate() {
        let plain = graded.student.chars();
        let plain: String = plain
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .take(80)
            .collect();
        let path = target.join(format!("{:03}-{plain}.json", number + 1));
        write(
            &path,
            &gradescope(graded).map_err(|error| not_json(&error))?,
        )?;
    }
    Ok(())
}

fn not_json(error: &serde_json::Error) -> ExitError {
    ExitError::environment(error.to_string())
}

fn write(path: &Path, content: &[u8]) -> Result<(), ExitError> {
    let write = || {
        let mut draft = Draft::inside(parent(path))?;
        draft.file.write_all(content)?;
        draft.keep(path)
    };
    write().map_err(|error| ExitError::cannot(&format!("write {}", path.display()), &error))
}

fn make_autograder(folder: &Path, assignment: Option<&Path>) -> Result<u8, ExitError> {
    use std::os::unix::fs::PermissionsExt as _;
    let cannot = |error: std::io::Error| ExitError::cannot("make the autograder", &error);
    if let Some(path) = assignment {
        assignments::read(path)?;
    }
    let assignment = assignment.map(fs::read).transpose().map_err(cannot)?;
    let program = std::env::current_exe().and_then(fs::read).map_err(cannot)?;
    fs::create_dir_all(folder).map_err(cannot)?;
    for file in autograder(program, assignment) {
        let path = folder.join(file.name);
        write(&path, &file.content)?;
        let mode = if file.program { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(cannot)?;
    }
    output::line(&format!(
        "Wrote {}: zip the files in it and give the archive to Gradescope as the autograder.",
        folder.display()
    ))?;
    Ok(code::DONE)
}
