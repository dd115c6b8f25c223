//! A program as an arm runs it: its command line with placeholders, and what surrounds it.

use std::path::{Path, PathBuf};

use crate::template::{PlaceValues, Template};

/// What every arm's command may name, besides the lab's parameters.
pub(crate) const PLACES: [&str; 5] = ["workers", "seed", "repeat", "scratch", "data"];
/// What variables of a program begin with.
const VARIABLE: &str = "WORKBENCH_";
/// What variables of the lab's parameters begin with, so that they are not taken for settings.
const PARAMETER: &str = "WORKBENCH_PARAM_";

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// As it was given.
    pub text: String,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// A program and its arguments.
    Words(Vec<Template>),
    /// A line for `sh -c`.
    Shell(Template),
}

/// Why a text is no command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineError {
    /// A quotation mark is missing.
    Quotes,
    /// There is nothing in it.
    Empty,
}

impl CommandLine {
    /// Reads a line, for a shell or not.
    pub(crate) fn new(text: &str, shell: bool) -> Result<Self, LineError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LineError::Empty);
        }
        let form = if shell {
            Form::Shell(Template::new(text))
        } else {
            let words = shell_words::split(text).map_err(|_| LineError::Quotes)?;
            if words.first().is_none_or(String::is_empty) {
                return Err(LineError::Empty);
            }
            Form::Words(words.iter().map(|word| Template::new(word)).collect())
        };
        Ok(Self {
            text: text.to_owned(),
            form,
        })
    }

    /// A program, named as it is, and its arguments.
    pub(crate) fn of(program: &str, args: &[String]) -> Self {
        let words = args.iter().map(|arg| Template::new(arg));
        let words = std::iter::once(Template::plain(program)).chain(words);
        let text = std::iter::once(program).chain(args.iter().map(String::as_str));
        Self {
            text: shell_words::join(text),
            form: Form::Words(words.collect()),
        }
    }

    /// All placeholders.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let templates = match &self.form {
            Form::Words(words) => words.as_slice(),
            Form::Shell(line) => std::slice::from_ref(line),
        };
        templates.iter().flat_map(Template::names)
    }

    /// Whether it depends on the number of workers: by its placeholder, or by its variable.
    pub(crate) fn uses_workers(&self) -> bool {
        self.names().any(|name| name == PLACES[0]) || self.text.contains("WORKBENCH_WORKERS")
    }

    /// The program and its arguments.
    pub(crate) fn argv(&self, values: &PlaceValues) -> Vec<String> {
        match &self.form {
            Form::Words(words) => words.iter().map(|word| word.fill(values)).collect(),
            Form::Shell(line) => vec!["sh".to_owned(), "-c".to_owned(), line.fill(values)],
        }
    }

    /// The program, where it does not depend on a value.
    pub(crate) fn program(&self) -> Option<String> {
        match &self.form {
            Form::Words(words) if words[0].names().next().is_none() => {
                Some(words[0].fill(&PlaceValues::new()))
            }
            Form::Words(_) => None,
            Form::Shell(_) => Some("sh".to_owned()),
        }
    }
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArmProgram {
    /// The arm's name.
    pub name: String,
    /// What it runs.
    pub line: CommandLine,
    /// Variables of its own, by name.
    pub env: Vec<(String, Template)>,
}

impl ArmProgram {
    /// Whether it runs for every number of workers.
    pub(crate) fn is_parallel(&self) -> bool {
        let by_variable = |(_, value): &(String, Template)| value.names().any(|n| n == PLACES[0]);
        self.line.uses_workers() || self.env.iter().any(by_variable)
    }
}

/// The variables that say the same as the placeholders; `places` are those that are no parameters.
pub(crate) fn variables(values: &PlaceValues, places: &[&str]) -> Vec<(String, String)> {
    let variable = |(name, value): (&String, &String)| {
        let prefix = if places.contains(&name.as_str()) {
            VARIABLE
        } else {
            PARAMETER
        };
        (format!("{prefix}{}", name.to_uppercase()), value.clone())
    };
    values.iter().map(variable).collect()
}

/// Where a program lies, as the system looks for it from a directory.
pub(crate) fn find(program: &str, dir: &Path) -> Option<PathBuf> {
    if program.contains('/') {
        let path = dir.join(program);
        return path.is_file().then_some(path);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_a_shell_does_and_filled_in_afterwards() {
        let values: PlaceValues = [("scratch".to_owned(), "/a b".to_owned())].into();
        let line = CommandLine::new(r#"run 'a b' "c {scratch}" {scratch}\ d"#, false).unwrap();
        assert_eq!(line.argv(&values), ["run", "a b", "c /a b", "/a b d"]);
        let line = CommandLine::new("x | y {scratch}", true).unwrap();
        assert_eq!(line.argv(&values), ["sh", "-c", "x | y /a b"]);
        let line = CommandLine::of("/a {scratch}/run", &["{scratch}".to_owned()]);
        assert_eq!(line.argv(&values), ["/a {scratch}/run", "/a b"]);
        assert_eq!(CommandLine::new("'x", false), Err(LineError::Quotes));
        assert_eq!(CommandLine::new("  ", false), Err(LineError::Empty));
        assert_eq!(CommandLine::new("'' x", false), Err(LineError::Empty));
    }

    #[test]
    fn an_arm_is_parallel_by_its_line_or_its_variables() {
        let arm = |line: &str, env: &str| ArmProgram {
            name: String::new(),
            line: CommandLine::new(line, false).unwrap(),
            env: vec![("N".to_owned(), Template::new(env))],
        };
        assert!(arm("make -j{workers}", "").is_parallel());
        assert!(arm("make", "{workers}").is_parallel());
        assert!(arm("sh -c 'make -j $WORKBENCH_WORKERS'", "").is_parallel());
        assert!(!arm("make {{workers}}", "{seed}").is_parallel());
    }
}
