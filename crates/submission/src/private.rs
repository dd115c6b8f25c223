//! What a hand-in must not say about a person and their machine: the names of account and machine,
//! and where files are. Names of known places stand in for paths, and what is left is looked for
//! once more in the finished files.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Shorter names, and those that many accounts and machines have, say nothing about a person.
const LEAST_NAME: usize = 3;
const COMMON_NAMES: [&str; 24] = [
    "admin",
    "administrator",
    "build",
    "ci",
    "daemon",
    "debian",
    "default",
    "docker",
    "fedora",
    "guest",
    "home",
    "local",
    "localdomain",
    "localhost",
    "nobody",
    "root",
    "runner",
    "student",
    "test",
    "ubuntu",
    "unknown",
    "user",
    "users",
    "workbench",
];

/// What takes the place of an account's and of a machine's name.
const OF_USER: &str = "USER";
const OF_HOST: &str = "HOST";

/// What is private on one machine.
#[derive(Debug, Clone, Default)]
pub struct Private {
    /// Paths and what is written instead, the longest first.
    places: Vec<(String, String)>,
    /// Names and what is written instead.
    names: Vec<(String, &'static str)>,
}

impl Private {
    /// What is private here: the account, the machine, and their usual folders.
    pub fn of_this_machine() -> Self {
        let mut private = Self::default();
        let uid = rustix::process::getuid().as_raw();
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = accounts
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let own = |fields: &Vec<&str>| fields.get(2).is_some_and(|id| *id == uid.to_string());
        if let Some(fields) = account.into_iter().find(own) {
            private.user(fields[0]);
            for person in fields.get(4).iter().flat_map(|about| about.split(',')) {
                private.user(person.trim());
            }
            if let Some(home) = fields.get(5) {
                private.place(Path::new(home), "~");
            }
        }
        for variable in ["USER", "LOGNAME", "USERNAME", "SUDO_USER"] {
            private.user(&std::env::var(variable).unwrap_or_default());
        }
        if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
            private.place(&home, "~");
            let last = home
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            private.user(&last.unwrap_or_default());
        }
        for host in [
            rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            std::fs::read_to_string("/etc/hostname").unwrap_or_default(),
            std::env::var("HOSTNAME").unwrap_or_default(),
        ] {
            private.host(host.trim());
            private.host(host.trim().split('.').next().unwrap_or_default());
        }
        private.place(&std::env::temp_dir(), "TEMP");
        if let Ok(here) = std::env::current_dir() {
            private.place(&here, ".");
        }
        if let Some(program) = std::env::current_exe()
            .ok()
            .as_deref()
            .and_then(Path::parent)
        {
            private.place(program, "PROGRAM");
        }
        private
    }

    /// A folder or file, and what is written instead of its path.
    pub fn place(&mut self, path: &Path, instead: &str) {
        let real = std::fs::canonicalize(path).ok();
        for path in [Some(path), real.as_deref()].into_iter().flatten() {
            let text = path.to_string_lossy();
            let text = text.trim_end_matches('/');
            let is_known = self.places.iter().any(|(known, _)| known == text);
            if path.is_absolute() && text.len() > 1 && !is_known {
                self.places.push((text.to_owned(), instead.to_owned()));
            }
        }
        self.places
            .sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    }

    /// The name of an account or a person.
    pub fn user(&mut self, name: &str) {
        self.name(name, OF_USER);
    }

    /// The name of a machine.
    pub fn host(&mut self, name: &str) {
        self.name(name, OF_HOST);
    }

    fn name(&mut self, name: &str, instead: &'static str) {
        let lower = name.to_lowercase();
        let says_nothing = lower.len() < LEAST_NAME
            || COMMON_NAMES.contains(&&*lower)
            || lower.bytes().all(|byte| byte.is_ascii_digit());
        if !says_nothing && !self.names.iter().any(|(known, _)| *known == lower) {
            self.names.push((lower, instead));
            self.names
                .sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
    }

    /// A text without what is private.
    pub fn scrub(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (path, instead) in &self.places {
            out = replaced(&out, path, instead, ends_path);
        }
        for (name, instead) in &self.names {
            out = replaced(&out, name, instead, |_, after| !is_letter(after));
        }
        out
    }

    /// The first private name or path in a text.
    pub fn found_in(&self, text: &str) -> Option<&str> {
        let places = self.places.iter().map(|(path, _)| path);
        let place = places
            .into_iter()
            .find(|path| !spots(text, path, ends_path).is_empty());
        let of_name = |(name, _): &&(String, &'static str)| {
            !spots(text, name, |_, after| !is_letter(after)).is_empty()
        };
        let name = || self.names.iter().find(of_name).map(|(name, _)| name);
        place.or_else(name).map(String::as_str)
    }

    /// A line of a log without what is private. Lines that have nothing of it stay as they are,
    /// byte for byte; a damaged line that has stays damaged, and says nothing any more.
    pub fn scrub_line(&self, line: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(line);
        if self.found_in(&text).is_none() {
            return line.to_vec();
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else {
            return b"?".to_vec();
        };
        self.scrub_value(&mut value);
        serde_json::to_vec(&value).unwrap_or_else(|_| b"?".to_vec())
    }

    fn scrub_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.scrub(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.scrub_value(value)),
            Value::Object(fields) => fields
                .values_mut()
                .for_each(|value| self.scrub_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Whether the path that ends before `after` is the whole of a path or of its first parts.
fn ends_path(_: Option<char>, after: Option<char>) -> bool {
    after.is_none_or(|after| !(after.is_alphanumeric() || matches!(after, '_' | '-')))
}

fn is_letter(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphabetic)
}

/// Where a text has a needle that stands alone, whatever the case of its letters.
fn spots(
    text: &str,
    needle: &str,
    fits: impl Fn(Option<char>, Option<char>) -> bool,
) -> Vec<usize> {
    let (bytes, wanted) = (text.as_bytes(), needle.as_bytes());
    let is_name = !needle.starts_with('/');
    let mut found = Vec::new();
    let mut at = 0;
    while at + wanted.len() <= bytes.len() {
        let end = at + wanted.len();
        let here = text.is_char_boundary(at) && text.is_char_boundary(end);
        if here && bytes[at..end].eq_ignore_ascii_case(wanted) {
            let (before, after) = (text[..at].chars().next_back(), text[end..].chars().next());
            let begins = !is_name || !is_letter(before);
            if begins && fits(before, after) {
                found.push(at);
                at = end;
                continue;
            }
        }
        at += 1;
    }
    found
}

fn replaced(
    text: &str,
    needle: &str,
    instead: &str,
    fits: impl Fn(Option<char>, Option<char>) -> bool,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in spots(text, needle, fits) {
        out.push_str(&text[from..at]);
        out.push_str(instead);
        from = at + needle.len();
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> Private {
        let mut private = Private::default();
        private.place(Path::new("/home/marlene"), "~");
        private.place(Path::new("/home/marlene/data/houses.csv"), "houses.csv");
        private.user("Marlene");
        private.host("lab-pc-17");
        private.user("root");
        private
    }

    #[test]
    fn paths_become_names_of_known_places() {
        let private = private();
        for (text, without) in [
            ("/home/marlene/data/houses.csv", "houses.csv"),
            (
                "read '/home/marlene/data/houses.csv'.",
                "read 'houses.csv'.",
            ),
            ("/home/marlene/x", "~/x"),
            ("/home/marlene2/x", "/home/USER2/x"),
            ("marlene@lab-pc-17: a", "USER@HOST: a"),
            ("MARLENE_1", "USER_1"),
            ("marlenes root cause", "marlenes root cause"),
        ] {
            assert_eq!(private.scrub(text), without);
            assert_eq!(private.found_in(&private.scrub(text)), None);
        }
    }

    #[test]
    fn only_the_values_of_a_line_change_and_only_where_they_must() {
        let private = private();
        let line = br#"{"t_ns":1,"marlene":"/home/marlene/a","f":0.1,"n":18446744073709551615}"#;
        let scrubbed = private.scrub_line(line);
        let expected = br#"{"t_ns":1,"marlene":"~/a","f":0.1,"n":18446744073709551615}"#;
        assert_eq!(scrubbed, expected);
        assert_eq!(
            private.scrub_line(b"{\"b\": 1, \"a\": 2}"),
            b"{\"b\": 1, \"a\": 2}"
        );
        assert_eq!(private.scrub_line(b"half of marlene"), b"?");
    }
}
