//! The filter of the history: words and fields, as in search boxes.
//!
//! ```text
//! tasks lab:rf status:killed,failed since:2026-11-20 until:yesterday "10:15"
//! ```
//!
//! All terms must hold. A word matches any part of a run's line. A field matches one fact of the
//! run; several values with commas between them are alternatives. Text in double quotes is one
//! term, and a word if the term begins with them.
//!
//! Belongs here: parsing a filter, reporting what is wrong with it, matching a run. Does not belong
//! here: where runs come from, and how they are listed. Days and times are those of the zone in
//! which runs are listed.

mod facts;
mod field;
mod period;

#[cfg(test)]
mod tests;

use jiff::Zoned;
use jiff::tz::TimeZone;

use field::clean;

pub use facts::FilterFacts;
pub use field::{Field, STATUSES};

/// The conditions on a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
    /// The zone in which starts are shown, and searched for words; UTC where there is none.
    zone: Option<TimeZone>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// In lower case.
    Word(String),
    /// Alternatives, in lower case.
    OneOf(Field, Vec<String>),
    /// Seconds since the Unix epoch, inclusive.
    Since(i64),
    /// Seconds since the Unix epoch, exclusive.
    Until(i64),
}

/// A parsed filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The valid terms.
    pub filter: Filter,
    /// What is wrong with the first invalid term: the term, and what is valid.
    pub problem: Option<String>,
}

/// Reads a filter. Relative times count back from `now`; days and times are those of its zone.
pub fn parse(text: &str, now: &Zoned) -> Parsed {
    let mut parsed = Parsed::default();
    parsed.filter.zone = Some(now.time_zone().clone());
    for token in tokens(text) {
        match term(&token, now) {
            Ok(term) => parsed.filter.terms.push(term),
            Err(problem) => parsed.problem = parsed.problem.or(Some(problem)),
        }
    }
    if parsed.problem.is_none() {
        parsed.problem = parsed.filter.contradiction();
    }
    parsed
}

impl Filter {
    /// Whether a run matches.
    pub fn matches(&self, facts: &FilterFacts) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Word(word) => {
                facts.line.contains(word.as_str())
                    || facts.started_in(self.zone.as_ref()).contains(word.as_str())
            }
            Term::OneOf(field, values) => values.iter().any(|value| facts.begins(*field, value)),
            Term::Since(from) => facts.started_s.is_some_and(|started| started >= *from),
            Term::Until(end) => facts.started_s.is_some_and(|started| started < *end),
        })
    }

    fn contradiction(&self) -> Option<String> {
        let times = |pick: fn(&Term) -> Option<i64>| self.terms.iter().filter_map(pick);
        let from = times(|term| match term {
            Term::Since(from) => Some(*from),
            _ => None,
        })
        .max()?;
        let end = times(|term| match term {
            Term::Until(end) => Some(*end),
            _ => None,
        })
        .min()?;
        (from >= end).then(|| {
            "`since:` is later than `until:`, so no run can match; exchange the two".to_owned()
        })
    }
}

/// The field whose value is being typed at the end of a filter.
pub fn field_at_end(text: &str) -> Option<Field> {
    if text.ends_with(char::is_whitespace) {
        return None;
    }
    let last = tokens(text).pop()?;
    let (name, _) = last.field()?;
    Field::of(&name)
}

/// One term as it was typed.
struct Token {
    text: String,
    /// It began with a double quote, so it is a word, also if it holds a colon.
    quoted: bool,
}

impl Token {
    /// The name and the value of `name:value`; the name in lower case.
    fn field(&self) -> Option<(String, &str)> {
        let (name, value) = self.text.split_once(':').filter(|_| !self.quoted)?;
        let letters = !name.is_empty() && name.chars().all(char::is_alphabetic);
        letters.then(|| (name.to_lowercase(), value))
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut open = false;
    let mut inside = false;
    for c in text.chars() {
        if c.is_whitespace() && !inside {
            open = false;
            continue;
        }
        if !open {
            open = true;
            out.push(Token {
                text: String::new(),
                quoted: c == '"',
            });
        }
        match (c, out.last_mut()) {
            ('"', _) => inside = !inside,
            (c, Some(token)) => token.text.push(c),
            (_, None) => {}
        }
    }
    // `""` sets no condition.
    out.retain(|token| !token.text.is_empty());
    out
}

fn term(token: &Token, now: &Zoned) -> Result<Term, String> {
    let Some((name, value)) = token.field() else {
        return Ok(Term::Word(token.text.to_lowercase()));
    };
    let field = Field::of(&name).ok_or_else(|| unknown_field(&name))?;
    if value.is_empty() {
        return Err(format!("`{name}:` takes {}", field.takes()));
    }
    match field {
        Field::Since => Ok(Term::Since(period::read(field, value, now)?.0)),
        Field::Until => Ok(Term::Until(period::read(field, value, now)?.1)),
        _ => {
            let values: Vec<String> = value
                .split(',')
                .filter(|value| !value.is_empty())
                .map(|value| alternative(field, value))
                .collect::<Result<_, _>>()?;
            Ok(Term::OneOf(field, values))
        }
    }
}

fn alternative(field: Field, value: &str) -> Result<String, String> {
    let value = value.to_lowercase();
    if field != Field::Status {
        return Ok(value);
    }
    let value = value.replace(['-', '_'], " ");
    if STATUSES.iter().any(|status| status.starts_with(&value)) {
        return Ok(value);
    }
    let names = STATUSES.map(|status| status.replace(' ', "-"));
    Err(format!(
        "`status:{}` is no status{}; it takes {}",
        clean(&value),
        meant(&value, names.iter().map(String::as_str)),
        field.takes()
    ))
}

fn unknown_field(name: &str) -> String {
    let fields = Field::ALL.map(Field::name);
    format!(
        "`{}:` is no field{}; the fields are {}, and quotes make a word of it",
        clean(name),
        meant(name, fields),
        fields.join(", ")
    )
}

/// ` (did you mean …?)`, or an empty text if no name is near.
fn meant<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(given, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, known)| {
            format!(" (did you mean `{known}`?)")
        })
}
