//! What a saved set-up holds, and its file.

use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use toml::{Table, Value};

use super::problem::SetupProblem;
use crate::lab::suggest;

/// What was chosen for a lab, as it was typed: it is judged when it is used. What is missing is the
/// default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of the file")]
pub struct SavedSetup {
    /// The name of the lab.
    pub lab: String,
    /// The name of the preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The arms that run; all but the peers where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<String>,
    /// Numbers of workers: `1,2,4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<String>,
    /// More workers than usable cores are allowed.
    #[serde(skip_serializing_if = "is_off")]
    pub oversubscribe: bool,
    /// Repeats of every arm.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "scalar")]
    pub repeats: Option<String>,
    /// How narrow the intervals are to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The longest time until they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_time: Option<String>,
    /// Whether the base runs as a second, equal arm.
    #[serde(skip_serializing_if = "is_off")]
    pub control: bool,
    /// Seed of everything random.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "scalar")]
    pub seed: Option<String>,
    /// A file or folder instead of the lab's own data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The column of a file to predict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The columns to use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Columns to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// Whether the file has no line of column names.
    #[serde(skip_serializing_if = "is_off")]
    pub no_header: bool,
    /// Whether rows with missing values are left out.
    #[serde(skip_serializing_if = "is_off")]
    pub drop_missing: bool,
    /// What stands between columns, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The decimal sign, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// Parameters of the lab.
    #[serde(skip_serializing_if = "IndexMap::is_empty", serialize_with = "scalars")]
    pub set: IndexMap<String, String>,
}

/// Every field, in the order of the file.
const FIELDS: [&str; 19] = [
    "lab",
    "preset",
    "arms",
    "workers",
    "oversubscribe",
    "repeats",
    "until",
    "max_time",
    "control",
    "seed",
    "data",
    "target",
    "columns",
    "drop_columns",
    "no_header",
    "drop_missing",
    "delimiter",
    "decimal",
    "set",
];

impl SavedSetup {
    /// The text of its file.
    ///
    /// # Errors
    /// When it cannot be written as TOML.
    pub fn file_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Reads the text of a file; also what of it was left out.
    ///
    /// # Errors
    /// When it is no TOML.
    pub fn parse(text: &str) -> Result<(Self, Vec<SetupProblem>), toml::de::Error> {
        let mut fields = Fields {
            table: text.parse()?,
            problems: Vec::new(),
        };
        let this = Self {
            lab: fields.text("lab").unwrap_or_default(),
            preset: fields.text("preset"),
            arms: fields.list("arms"),
            workers: fields.text("workers"),
            oversubscribe: fields.switch("oversubscribe"),
            repeats: fields.text("repeats"),
            until: fields.text("until"),
            max_time: fields.text("max_time"),
            control: fields.switch("control"),
            seed: fields.text("seed"),
            data: fields.text("data"),
            target: fields.text("target"),
            columns: fields.list("columns"),
            drop_columns: fields.list("drop_columns"),
            no_header: fields.switch("no_header"),
            drop_missing: fields.switch("drop_missing"),
            delimiter: fields.text("delimiter"),
            decimal: fields.text("decimal"),
            set: fields.set(),
        };
        Ok((this, fields.end()))
    }

    /// The parameters, as `--set` takes them.
    pub(super) fn settings(&self) -> Vec<String> {
        let set = self.set.iter();
        set.map(|(name, value)| format!("{name}={value}")).collect()
    }
}

/// The fields of a file that were not taken yet, and what was left out.
struct Fields {
    table: Table,
    problems: Vec<SetupProblem>,
}

impl Fields {
    /// Takes a field; one of another kind is left out.
    fn take<T>(
        &mut self,
        name: &str,
        expects: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.table.remove(name)?);
        if value.is_none() {
            let name = name.to_owned();
            self.problems.push(SetupProblem::Kind { name, expects });
        }
        value
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, "a text", plain)
    }

    fn switch(&mut self, name: &str) -> bool {
        let on = self.take(name, "true or false", |value| value.as_bool());
        on.unwrap_or_default()
    }

    fn list(&mut self, name: &str) -> Vec<String> {
        let list = self.take(name, "a list of texts", |value| match value {
            Value::Array(all) => all.into_iter().map(plain).collect(),
            one => plain(one).map(|one| vec![one]),
        });
        list.unwrap_or_default()
    }

    fn set(&mut self) -> IndexMap<String, String> {
        let table = self.take("set", "a table of parameters", |value| match value {
            Value::Table(table) => Some(table),
            _ => None,
        });
        let mut set = IndexMap::new();
        for (name, value) in table.unwrap_or_default() {
            if let Some(value) = plain(value) {
                set.insert(name, value);
            } else {
                let (name, expects) = (format!("set.{name}"), "a text or a number");
                self.problems.push(SetupProblem::Kind { name, expects });
            }
        }
        set
    }

    /// What was left out, the fields that nobody knows among it.
    fn end(mut self) -> Vec<SetupProblem> {
        let unknown = self.table.into_iter().map(|(name, _)| {
            let hint = suggest(&name, FIELDS.into_iter());
            SetupProblem::Field { name, hint }
        });
        self.problems.extend(unknown);
        self.problems
    }
}

/// A value as it is typed.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(on) => Some(on.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

/// What was typed, as a number or a switch where it comes back as it was.
fn written(typed: &str) -> Value {
    let values = [
        typed.parse().ok().map(Value::Integer),
        typed.parse().ok().map(Value::Boolean),
        typed.parse().ok().map(Value::Float),
    ];
    let mut values = values.into_iter().flatten();
    let same = values.find(|value| plain(value.clone()).as_deref() == Some(typed));
    same.unwrap_or_else(|| Value::String(typed.to_owned()))
}

#[allow(clippy::ref_option, reason = "serde gives the field")]
fn scalar<S: Serializer>(typed: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    typed.as_deref().map(written).serialize(to)
}

fn scalars<S: Serializer>(set: &IndexMap<String, String>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(set.iter().map(|(name, typed)| (name, written(typed))))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives the field")]
fn is_off(on: &bool) -> bool {
    !on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> SavedSetup {
        let text = |text: &str| Some(text.to_owned());
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        SavedSetup {
            lab: "rf".to_owned(),
            preset: text("quick"),
            arms: list(&["sequential", "tasks"]),
            workers: text("1,2"),
            oversubscribe: true,
            repeats: text("5"),
            until: text("2%"),
            max_time: text("1h30m"),
            control: true,
            seed: text("7"),
            data: text("~/a \"b\".csv"),
            target: text("y"),
            columns: list(&["a", "b,c"]),
            drop_columns: list(&["id"]),
            no_header: true,
            drop_missing: true,
            delimiter: text("semicolon"),
            decimal: text("comma"),
            set: [
                ("depth", "12"),
                ("share", "0.5"),
                ("on", "true"),
                ("word", "007"),
                ("empty", ""),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        }
    }

    #[test]
    fn a_file_comes_back_as_it_was_and_is_readable() {
        let text = full().file_text().unwrap();
        assert_eq!(SavedSetup::parse(&text).unwrap(), (full(), Vec::new()));
        for line in [
            "repeats = 5",
            "workers = \"1,2\"",
            "depth = 12",
            "share = 0.5",
            "on = true",
            "word = \"007\"",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}: {text}");
        }
        let least = SavedSetup {
            lab: "rf".to_owned(),
            ..SavedSetup::default()
        };
        assert_eq!(least.file_text().unwrap(), "lab = \"rf\"\n");
    }

    #[test]
    fn every_field_has_its_name_in_the_list() {
        let text = full().file_text().unwrap();
        let table: Table = text.parse().unwrap();
        assert_eq!(table.keys().collect::<Vec<_>>(), FIELDS);
    }

    #[test]
    fn what_is_unknown_or_of_another_kind_is_said_and_loses_nothing_else() {
        let text = "lab = \"rf\"\nworkrs = \"2\"\nrepeats = [1]\ncontrol = \"yes\"\nworkers = 2\n\
                    arms = [\"a\", [\"b\"]]\n[set]\ndepth = 3\nwhen = 2026-01-01\n";
        let (setup, problems) = SavedSetup::parse(text).unwrap();
        assert_eq!(setup.lab, "rf");
        assert_eq!(setup.workers.as_deref(), Some("2"));
        assert_eq!(setup.settings(), ["depth=3"]);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`arms` takes a list of texts",
                "`repeats` takes a text",
                "`control` takes true or false",
                "`set.when` takes a text or a number",
                "`workrs` is no field of a set-up; did you mean `workers`?",
            ]
        );
        assert!(SavedSetup::parse("lab = ").is_err());
    }
}
