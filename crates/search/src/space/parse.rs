//! Reads the short text of a parameter: `lr=loguniform(1e-4,1e-1) if optimizer = sgd`.

use super::condition::{Condition, ConditionTest};
use super::dimension::Dimension;
use super::domain::Domain;
use super::error::{KINDS, SpaceError, SpaceProblem, TextPlace};
use crate::name::{CONDITION, MEMBER, is_letter, is_name};
use crate::value::ConfigValue;

/// A problem, and the byte at which it is.
type Placed<T> = Result<T, (usize, SpaceProblem)>;

impl Dimension {
    /// A parameter from its short text: `lr=loguniform(1e-4,1e-1)`, or with a condition
    /// `momentum = uniform(0, 1) if optimizer = sgd`.
    ///
    /// # Errors
    ///
    /// The text is not of that form, or the domain has no values. The error has the place.
    pub fn parse(text: &str) -> Result<Self, SpaceError> {
        dimension(text)
    }
}

/// A whole parameter.
fn dimension(text: &str) -> Result<Dimension, SpaceError> {
    let mut reader = Reader { text, at: 0 };
    let mut name = None;
    let read = (|| {
        let known = reader.name()?;
        name = Some(known.to_owned());
        reader.expect('=', "`=` and the values")?;
        let (domain, condition) = reader.domain_and_condition()?;
        Ok((known.to_owned(), domain, condition))
    })();
    match read {
        Ok((name, domain, condition)) => Ok(Dimension {
            name,
            domain,
            condition,
        }),
        Err((byte, problem)) => Err(SpaceError {
            parameter: name,
            place: Some(TextPlace::of(text, byte)),
            problem,
        }),
    }
}

/// What stands after the name, as a document has it.
pub(super) fn values(text: &str) -> Placed<(Domain, Option<Condition>)> {
    Reader { text, at: 0 }.domain_and_condition()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn next_letter(&mut self) -> Option<char> {
        self.skip_space();
        self.rest().chars().next()
    }

    fn unexpected<T>(&mut self, expected: &'static str) -> Placed<T> {
        let found = match self.next_letter() {
            Some(letter) => format!("`{}`", letter.escape_debug()),
            None => "the end".to_owned(),
        };
        Err((self.at, SpaceProblem::Unexpected { expected, found }))
    }

    fn take(&mut self, letter: char) -> bool {
        let there = self.next_letter() == Some(letter);
        if there {
            self.at += letter.len_utf8();
        }
        there
    }

    fn expect(&mut self, letter: char, expected: &'static str) -> Placed<()> {
        if self.take(letter) {
            Ok(())
        } else {
            self.unexpected(expected)
        }
    }

    /// The next letters that can be a name or a number, perhaps none.
    fn letters(&mut self) -> &'a str {
        self.skip_space();
        let rest = self.rest();
        let mut end = 0;
        for letter in rest.chars() {
            // The plus of an exponent: 1e+3.
            let exponent = letter == '+' && (end == 0 || rest[..end].ends_with(['e', 'E']));
            if !is_letter(letter) && !exponent {
                break;
            }
            end += letter.len_utf8();
        }
        self.at += end;
        &rest[..end]
    }

    fn name(&mut self) -> Placed<&'a str> {
        self.skip_space();
        let start = self.at;
        let name = self.letters();
        if is_name(name) {
            return Ok(name);
        }
        self.at = start;
        if name.is_empty() {
            self.unexpected("the name of a parameter")
        } else {
            Err((start, SpaceProblem::Name))
        }
    }

    fn value(&mut self) -> Placed<ConfigValue> {
        if self.next_letter() == Some('"') {
            return self.quoted().map(ConfigValue::Text);
        }
        let start = self.at;
        match self.letters() {
            "" => self.unexpected("a value"),
            CONDITION | MEMBER => {
                self.at = start;
                self.unexpected("a value")
            }
            letters => match ConfigValue::of_word(letters) {
                ConfigValue::Float(number) if !number.is_finite() => {
                    Err((start, SpaceProblem::Unwritable))
                }
                value => Ok(value),
            },
        }
    }

    fn quoted(&mut self) -> Placed<String> {
        self.at += 1;
        let mut text = String::new();
        let mut escaped = false;
        for letter in self.rest().chars() {
            if letter.is_control() {
                return Err((self.at, SpaceProblem::Unwritable));
            }
            self.at += letter.len_utf8();
            match letter {
                '"' if !escaped => return Ok(text),
                '\\' if !escaped => escaped = true,
                letter => {
                    text.push(letter);
                    escaped = false;
                }
            }
        }
        self.unexpected("a closing quote")
    }

    /// Values with commas, up to a closing bracket; each with its place.
    fn list(&mut self) -> Placed<Vec<(usize, ConfigValue)>> {
        let mut values = Vec::new();
        if self.take(')') {
            return Ok(values);
        }
        loop {
            self.skip_space();
            values.push((self.at, self.value()?));
            if self.take(')') {
                return Ok(values);
            }
            self.expect(',', "`,` or `)`")?;
        }
    }

    fn number(&mut self) -> Placed<f64> {
        self.skip_space();
        let start = self.at;
        let value = self.value()?;
        as_number(start, &value)
    }

    fn domain_and_condition(&mut self) -> Placed<(Domain, Option<Condition>)> {
        let domain = self.domain()?;
        let condition = match self.next_letter() {
            None => None,
            Some(_) => Some(self.condition()?),
        };
        if self.next_letter().is_some() {
            return self.unexpected("the end");
        }
        Ok((domain, condition))
    }

    fn domain(&mut self) -> Placed<Domain> {
        self.skip_space();
        let start = self.at;
        if self.next_letter() != Some('"') {
            let kind = self.letters();
            if !kind.is_empty() && self.take('(') {
                let list = self.list()?;
                let domain = build(start, kind, &list)?;
                return match domain.check() {
                    Ok(()) => Ok(domain),
                    Err(problem) => Err((list.first().map_or(start, |(place, _)| *place), problem)),
                };
            }
            self.at = start;
        }
        self.value().map(Domain::Fixed)
    }

    fn condition(&mut self) -> Placed<Condition> {
        let start = self.at;
        if self.letters() != CONDITION {
            self.at = start;
            return self.unexpected("`if` and a condition, or the end");
        }
        let parameter = self.name()?.to_owned();
        let test = if self.take('=') {
            self.take('=');
            ConditionTest::In(vec![self.value()?])
        } else if self.take('>') {
            self.expect('=', "`=`: conditions are =, in, >= and <=")?;
            ConditionTest::AtLeast(self.number()?)
        } else if self.take('<') {
            self.expect('=', "`=`: conditions are =, in, >= and <=")?;
            ConditionTest::AtMost(self.number()?)
        } else {
            self.skip_space();
            let start = self.at;
            if self.letters() != MEMBER {
                self.at = start;
                return self.unexpected("`=`, `in (…)`, `>=` or `<=`");
            }
            self.expect('(', "`(` and values")?;
            let values: Vec<ConfigValue> =
                self.list()?.into_iter().map(|(_, value)| value).collect();
            if values.is_empty() {
                return Err((start, SpaceProblem::NoValues));
            }
            ConditionTest::In(values)
        };
        Ok(Condition { parameter, test })
    }
}

fn as_number(place: usize, value: &ConfigValue) -> Placed<f64> {
    value.as_f64().ok_or_else(|| {
        let found = format!("`{}`", value.as_str().unwrap_or_default().escape_debug());
        let expected = "a number";
        (place, SpaceProblem::Unexpected { expected, found })
    })
}

fn as_integer(place: usize, value: &ConfigValue) -> Placed<i64> {
    value.as_i64().ok_or_else(|| {
        let found = format!("`{value}`");
        let expected = "a whole number";
        (place, SpaceProblem::Unexpected { expected, found })
    })
}

/// The domain of a kind with its arguments.
fn build(start: usize, given: &str, list: &[(usize, ConfigValue)]) -> Placed<Domain> {
    let number = |at: usize| as_number(list[at].0, &list[at].1);
    let integer = |at: usize| as_integer(list[at].0, &list[at].1);
    let count = |kind, takes, right: bool| {
        let given = list.len();
        let refused = SpaceProblem::Arguments { kind, takes, given };
        if right { Ok(()) } else { Err((start, refused)) }
    };
    let values = || list.iter().map(|(_, value)| value.clone()).collect();
    let bounds = "a lower and an upper bound";
    match given {
        "uniform" => {
            count("uniform", bounds, list.len() == 2)?;
            let (low, high) = (number(0)?, number(1)?);
            Ok(Domain::Uniform { low, high })
        }
        "loguniform" => {
            count("loguniform", bounds, list.len() == 2)?;
            let (low, high) = (number(0)?, number(1)?);
            Ok(Domain::LogUniform { low, high })
        }
        "quniform" => {
            count("quniform", "two bounds and a step", list.len() == 3)?;
            let (low, high, step) = (number(0)?, number(1)?, number(2)?);
            Ok(Domain::Quantised { low, high, step })
        }
        "integer" | "int" => {
            let takes = "two bounds, and perhaps a step";
            count("integer", takes, matches!(list.len(), 2 | 3))?;
            let step = if list.len() == 3 { integer(2)? } else { 1 };
            let (low, high) = (integer(0)?, integer(1)?);
            Ok(Domain::Integer { low, high, step })
        }
        "loginteger" | "logint" => {
            count("loginteger", bounds, list.len() == 2)?;
            let (low, high) = (integer(0)?, integer(1)?);
            Ok(Domain::LogInteger { low, high })
        }
        "choice" => Ok(Domain::Choice(values())),
        "grid" => Ok(Domain::Grid(values())),
        "fixed" => {
            count("fixed", "one value", list.len() == 1)?;
            Ok(Domain::Fixed(list[0].1.clone()))
        }
        given => {
            let distance = |name: &&&str| strsim::damerau_levenshtein(name, given);
            let near = KINDS.iter().min_by_key(distance);
            let near = near.filter(|name| distance(name) <= 3).copied();
            let given = given.escape_debug().to_string();
            Err((start, SpaceProblem::Kind { given, near }))
        }
    }
}
