//! Python's pickles, as far as CIFAR's files consist of them (Krizhevsky, 2009): a dictionary with
//! a list of small numbers and a NumPy array of bytes.
//!
//! A pickle is a program for a machine with a stack. The machine here knows the instructions that
//! such a dictionary needs, of protocols 2 to 4, and three names of NumPy that it does not look up.
//! Everything else is refused. Nothing is executed or imported, no value is shared, and memory is
//! bounded by the input and by `MOST_VALUES`.

use crate::error::PickleProblem;
use crate::file::one_line;

/// Three times what CIFAR-100's training file has.
const MOST_VALUES: usize = 600_000;
/// CIFAR's files have 4 levels: dictionary, state of an array, its type, its arguments.
const MOST_LEVELS: u8 = 8;

/// A batch as it lies in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct PickledImages<'a> {
    /// One per image.
    pub labels: Vec<u8>,
    /// Image by image.
    pub pixels: &'a [u8],
}

#[derive(Debug, Clone, PartialEq)]
enum Value<'a> {
    Mark,
    None,
    Bool(bool),
    Int(i64),
    Bytes(&'a [u8]),
    Global(&'a [u8], &'a [u8]),
    List(Vec<Value<'a>>, u8),
    Tuple(Vec<Value<'a>>, u8),
    Dict(Vec<(Value<'a>, Value<'a>)>),
    /// The type of an array's elements: bytes, the only one that is read.
    Byte,
    /// An array, empty until its state is set: rows, columns, content.
    Array(Option<(i64, i64, &'a [u8])>),
}

impl Value<'_> {
    fn levels(&self) -> u8 {
        match self {
            Self::List(_, levels) | Self::Tuple(_, levels) => *levels,
            _ => 0,
        }
    }
}

/// Reads a batch: the entry `labels` names the labels, `data` has `columns` bytes for each.
///
/// # Errors
/// What is wrong with it.
pub fn parse<'a>(
    bytes: &'a [u8],
    labels: &'static str,
    columns: usize,
) -> Result<PickledImages<'a>, PickleProblem> {
    let mut machine = Machine {
        bytes,
        at: 0,
        begun: 0,
        values: 0,
        stack: Vec::new(),
        memo: Vec::new(),
    };
    let Value::Dict(entries) = machine.run()? else {
        return Err(PickleProblem::Entry(labels));
    };
    let entry = |name: &'static str| {
        let found = entries
            .iter()
            .find(|(key, _)| matches!(key, Value::Bytes(key) if *key == name.as_bytes()));
        found
            .map(|(_, value)| value)
            .ok_or(PickleProblem::Entry(name))
    };
    let Value::List(list, _) = entry(labels)? else {
        return Err(PickleProblem::Entry(labels));
    };
    let label = |value: &Value| match value {
        Value::Int(label) => u8::try_from(*label).ok(),
        _ => None,
    };
    let labels: Vec<u8> = list
        .iter()
        .map(label)
        .collect::<Option<_>>()
        .ok_or(PickleProblem::Entry(labels))?;
    match entry("data")? {
        Value::Array(Some((rows, wide, pixels)))
            if usize::try_from(*rows) == Ok(labels.len())
                && usize::try_from(*wide) == Ok(columns)
                && Some(pixels.len()) == labels.len().checked_mul(columns) =>
        {
            Ok(PickledImages { labels, pixels })
        }
        _ => Err(PickleProblem::Shape {
            rows: labels.len(),
            columns,
        }),
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the instruction under way begins.
    begun: usize,
    values: usize,
    stack: Vec<Value<'a>>,
    /// What may be asked for again. Values that consist of others are not kept: a pickle that uses
    /// one twice could be small and stand for a lot.
    memo: Vec<Option<Value<'a>>>,
}

type Done<T = ()> = Result<T, PickleProblem>;

impl<'a> Machine<'a> {
    fn run(&mut self) -> Done<Value<'a>> {
        loop {
            self.begun = self.at;
            let code = self.take(1)?[0];
            match code {
                b'.' => return self.pop(),
                0x80 => self.protocol()?,
                // A frame is only a hint for reading ahead.
                0x95 => self.take(8).map(|_| ())?,
                b'(' => self.push(Value::Mark)?,
                b'N' => self.push(Value::None)?,
                0x88 => self.push(Value::Bool(true))?,
                0x89 => self.push(Value::Bool(false))?,
                b'K' | b'M' | b'J' => self.integer(code)?,
                b'U' | b'C' | 0x8c => self.string(1)?,
                b'T' | b'B' | b'X' => self.string(4)?,
                0x8e | 0x8d => self.string(8)?,
                b'q' | b'r' | 0x94 => self.remember(code)?,
                b'h' | b'j' => self.recall(code)?,
                b'c' | 0x93 => self.global(code)?,
                b']' => self.push(Value::List(Vec::new(), 1))?,
                b'}' => self.push(Value::Dict(Vec::new()))?,
                b')' | 0x85 | 0x86 | 0x87 | b't' => self.tuple(code)?,
                b'a' | b'e' => self.append(code)?,
                b's' | b'u' => self.set_items(code)?,
                b'R' => self.call()?,
                b'b' => self.set_state()?,
                _ => {
                    return Err(PickleProblem::Instruction {
                        at: self.begun,
                        code,
                    });
                }
            }
        }
    }

    fn misplaced(&self) -> PickleProblem {
        PickleProblem::Order(self.begun)
    }

    fn take(&mut self, count: usize) -> Done<&'a [u8]> {
        let taken = self
            .at
            .checked_add(count)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(PickleProblem::Cut(self.begun))?;
        self.at += count;
        Ok(taken)
    }

    /// A little-endian number of so many bytes.
    fn number(&mut self, bytes: usize) -> Done<u64> {
        let taken = self.take(bytes)?;
        Ok(taken
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn line(&mut self) -> Done<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = self.take(end.ok_or(PickleProblem::Cut(self.begun))? + 1)?;
        Ok(&line[..line.len() - 1])
    }

    fn push(&mut self, value: Value<'a>) -> Done {
        self.values += 1;
        if self.values > MOST_VALUES || value.levels() > MOST_LEVELS {
            return Err(PickleProblem::TooMuch);
        }
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Done<Value<'a>> {
        match self.stack.pop() {
            None | Some(Value::Mark) => Err(self.misplaced()),
            Some(value) => Ok(value),
        }
    }

    /// All values since the last mark.
    fn since_mark(&mut self) -> Done<Vec<Value<'a>>> {
        let mark = self.stack.iter().rposition(|value| *value == Value::Mark);
        let at = mark.ok_or_else(|| self.misplaced())?;
        let values = self.stack.split_off(at + 1);
        self.stack.pop();
        Ok(values)
    }

    fn protocol(&mut self) -> Done {
        match self.take(1)?[0] {
            2..=5 => Ok(()),
            _ => Err(self.misplaced()),
        }
    }

    fn integer(&mut self, code: u8) -> Done {
        let number = match code {
            b'K' => self.number(1)?.cast_signed(),
            b'M' => self.number(2)?.cast_signed(),
            _ => i64::from(self.number(4)? as i32),
        };
        self.push(Value::Int(number))
    }

    fn string(&mut self, length: usize) -> Done {
        let count = self.number(length)?;
        let count = usize::try_from(count).map_err(|_| PickleProblem::Cut(self.begun))?;
        let bytes = self.take(count)?;
        self.push(Value::Bytes(bytes))
    }

    fn remember(&mut self, code: u8) -> Done {
        let index = match code {
            b'q' => self.number(1)? as usize,
            b'r' => self.number(4)? as usize,
            _ => self.memo.len(),
        };
        if index > self.memo.len() {
            // Python counts from 0 or 1 without gaps.
            if index != self.memo.len() + 1 {
                return Err(self.misplaced());
            }
            self.memo.push(None);
        }
        let last = self.stack.last().ok_or(PickleProblem::Order(self.begun))?;
        let kept = match last {
            Value::List(..) | Value::Tuple(..) | Value::Dict(_) | Value::Array(_) | Value::Mark => {
                None
            }
            simple => Some(simple.clone()),
        };
        match self.memo.get_mut(index) {
            Some(place) => *place = kept,
            None if index < MOST_VALUES => self.memo.push(kept),
            None => return Err(PickleProblem::TooMuch),
        }
        Ok(())
    }

    fn recall(&mut self, code: u8) -> Done {
        let index = self.number(if code == b'h' { 1 } else { 4 })? as usize;
        let kept = self.memo.get(index).cloned().flatten();
        let kept = kept.ok_or_else(|| self.misplaced())?;
        self.push(kept)
    }

    fn global(&mut self, code: u8) -> Done {
        let (module, name) = if code == b'c' {
            (self.line()?, self.line()?)
        } else {
            match (self.pop()?, self.pop()?) {
                (Value::Bytes(name), Value::Bytes(module)) => (module, name),
                _ => return Err(self.misplaced()),
            }
        };
        let known = matches!(
            (module, name),
            (
                b"numpy.core.multiarray" | b"numpy._core.multiarray",
                b"_reconstruct"
            ) | (b"numpy", b"ndarray" | b"dtype")
        );
        if known {
            return self.push(Value::Global(module, name));
        }
        let text = [module, b".", name].concat();
        let text: String = String::from_utf8_lossy(&text).chars().take(60).collect();
        Err(PickleProblem::Object(one_line(&text)))
    }

    fn tuple(&mut self, code: u8) -> Done {
        let values = match code {
            b't' => self.since_mark()?,
            b')' => Vec::new(),
            _ => {
                let count = usize::from(code - 0x84);
                let mut values = Vec::with_capacity(count);
                for _ in 0..count {
                    values.push(self.pop()?);
                }
                values.reverse();
                values
            }
        };
        let levels = 1 + values.iter().map(Value::levels).max().unwrap_or(0);
        self.push(Value::Tuple(values, levels))
    }

    fn append(&mut self, code: u8) -> Done {
        let more = if code == b'a' {
            vec![self.pop()?]
        } else {
            self.since_mark()?
        };
        let deep = more.iter().map(Value::levels).max().unwrap_or(0);
        let misplaced = self.misplaced();
        let Some(Value::List(list, levels)) = self.stack.last_mut() else {
            return Err(misplaced);
        };
        *levels = (*levels).max(deep.saturating_add(1));
        if *levels > MOST_LEVELS {
            return Err(PickleProblem::TooMuch);
        }
        list.extend(more);
        Ok(())
    }

    /// Only the outermost value is a dictionary, so no dictionary holds another.
    fn set_items(&mut self, code: u8) -> Done {
        let items = if code == b's' {
            let value = self.pop()?;
            vec![self.pop()?, value]
        } else {
            self.since_mark()?
        };
        let inner = items.iter().any(|item| matches!(item, Value::Dict(_)));
        let misplaced = self.misplaced();
        match self.stack.as_mut_slice() {
            [Value::Dict(entries)] if !inner && items.len().is_multiple_of(2) => {
                let mut items = items.into_iter();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    entries.push((key, value));
                }
                Ok(())
            }
            _ => Err(misplaced),
        }
    }

    /// What NumPy's pickles call: an empty array, or the type of bytes.
    fn call(&mut self) -> Done {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Value::Tuple(arguments, _), Value::Global(_, function)) = (arguments, function) else {
            return Err(self.misplaced());
        };
        let made = match (function, arguments.as_slice()) {
            (b"_reconstruct", [Value::Global(b"numpy", b"ndarray"), ..]) => Value::Array(None),
            (b"dtype", [Value::Bytes(b"u1" | b"|u1"), ..]) => Value::Byte,
            (b"dtype", [Value::Bytes(kind), ..]) => {
                let kind = String::from_utf8_lossy(kind);
                let kind = one_line(&kind.chars().take(20).collect::<String>());
                return Err(PickleProblem::Object(format!("numpy.dtype {kind}")));
            }
            _ => return Err(self.misplaced()),
        };
        self.push(made)
    }

    fn set_state(&mut self) -> Done {
        let misplaced = self.misplaced();
        let Value::Tuple(state, _) = self.pop()? else {
            return Err(misplaced);
        };
        match (self.stack.last_mut(), state.as_slice()) {
            (Some(Value::Byte), _) => Ok(()),
            (
                Some(Value::Array(array)),
                [
                    Value::Int(_),
                    Value::Tuple(shape, _),
                    Value::Byte,
                    Value::Bool(false) | Value::Int(0),
                    Value::Bytes(content),
                ],
            ) => match shape.as_slice() {
                [Value::Int(rows), Value::Int(columns)] => {
                    *array = Some((*rows, *columns, content));
                    Ok(())
                }
                _ => Err(misplaced),
            },
            _ => Err(misplaced),
        }
    }
}
