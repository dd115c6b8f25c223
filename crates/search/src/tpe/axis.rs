//! Parameters as axes: every value is a spot from 0 to 1, or one of several without an order.

use crate::space::Domain;
use crate::value::ConfigValue;

/// A cell that is narrower is as good as a point, and its width cannot be computed any more.
const NARROW: f64 = 1e-9;

/// How the values of a parameter lie on its axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ParzenAxis {
    /// Numbers or values in an order, from 0 to 1. Values that are apart have a cell each.
    Line {
        low: f64,
        high: f64,
        log: bool,
        step: Option<f64>,
    },
    /// So many values without an order.
    Kinds(usize),
    /// One value.
    Point,
}

/// A value on its axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spot {
    /// A number among neighbours that are as near as one likes.
    At(f64),
    /// A value with the cell around it.
    Cell { at: f64, from: f64, to: f64 },
    /// One of several without an order.
    Kind(usize),
}

impl Spot {
    /// Where it is.
    pub(super) const fn at(self) -> f64 {
        match self {
            Self::At(at) | Self::Cell { at, .. } => at,
            Self::Kind(kind) => kind as f64,
        }
    }
}

impl ParzenAxis {
    pub(super) fn new(domain: &Domain) -> Self {
        let cells = |low: f64, step: f64| {
            let last = low + step * (domain.count().unwrap_or(1) - 1) as f64;
            Self::Line {
                low: low - step / 2.0,
                high: last + step / 2.0,
                log: false,
                step: Some(step),
            }
        };
        match domain {
            Domain::Uniform { low, high } => Self::Line {
                low: *low,
                high: *high,
                log: false,
                step: None,
            },
            Domain::LogUniform { low, high } => Self::Line {
                low: libm::log(*low),
                high: libm::log(*high),
                log: true,
                step: None,
            },
            Domain::LogInteger { low, high } => Self::Line {
                low: libm::log(*low as f64 - 0.5),
                high: libm::log(*high as f64 + 0.5),
                log: true,
                step: Some(1.0),
            },
            Domain::Quantised { low, step, .. } => cells(*low, *step),
            Domain::Integer { low, step, .. } => cells(*low as f64, *step as f64),
            Domain::Grid(values) if values.len() > 1 => cells(0.0, 1.0),
            Domain::Choice(values) if values.len() > 1 => Self::Kinds(values.len()),
            Domain::Grid(_) | Domain::Choice(_) | Domain::Fixed(_) => Self::Point,
        }
    }

    /// Where a value is: from 0 to 1 on a line, which of several without an order.
    pub(super) fn place(&self, domain: &Domain, value: &ConfigValue) -> f64 {
        let index = |values: &[ConfigValue]| {
            let index = values.iter().position(|known| known.same(value));
            index.unwrap_or(0) as f64
        };
        match (self, domain) {
            (Self::Kinds(_), Domain::Choice(values)) => index(values),
            (Self::Line { .. }, Domain::Grid(values)) => self.place_of(index(values)),
            (Self::Line { .. }, _) => self.place_of(value.as_f64().unwrap_or(0.0)),
            (Self::Kinds(_) | Self::Point, _) => 0.0,
        }
    }

    /// The place of a number, for values in an order of an index.
    fn place_of(&self, number: f64) -> f64 {
        let Self::Line { low, high, log, .. } = self else {
            return 0.0;
        };
        let number = if *log { libm::log(number) } else { number };
        ((number - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// The spot at the place of a value.
    pub(super) fn spot(&self, place: f64) -> Spot {
        match self {
            Self::Line { step: None, .. } => Spot::At(place),
            Self::Line {
                step: Some(step), ..
            } => {
                let number = self.number(place);
                let from = self.place_of(number - step / 2.0);
                let to = self.place_of(number + step / 2.0);
                if to - from < NARROW {
                    Spot::At(place)
                } else {
                    Spot::Cell {
                        at: place,
                        from,
                        to,
                    }
                }
            }
            Self::Kinds(_) => Spot::Kind(place as usize),
            Self::Point => Spot::Kind(0),
        }
    }

    /// The spot of the value that is nearest to a place from 0 to 1.
    pub(super) fn snapped(&self, place: f64) -> Spot {
        self.spot(self.place_of(self.number(place)))
    }

    /// The number at a place from 0 to 1.
    fn number(&self, place: f64) -> f64 {
        let Self::Line {
            low,
            high,
            log,
            step,
        } = self
        else {
            return 0.0;
        };
        let number = low + place * (high - low);
        let number = if *log { libm::exp(number) } else { number };
        let Some(step) = step else { return number };
        if *log {
            let (first, last) = (libm::exp(*low), libm::exp(*high));
            return number
                .round()
                .clamp((first + 0.5).round(), (last - 0.5).round());
        }
        let last = ((high - low) / step).round() - 1.0;
        let index = ((number - low) / step - 0.5).round().clamp(0.0, last);
        low + (index + 0.5) * step
    }

    /// The value at a spot.
    pub(super) fn value(&self, domain: &Domain, spot: Spot) -> ConfigValue {
        let number = self.number(spot.at());
        match (domain, spot) {
            (Domain::Choice(values), Spot::Kind(kind)) => values[kind].clone(),
            (Domain::Uniform { low, high } | Domain::LogUniform { low, high }, _) => {
                ConfigValue::Float(number.clamp(*low, *high))
            }
            (Domain::LogInteger { low, high }, _) => {
                ConfigValue::Integer((number.round() as i64).clamp(*low, *high))
            }
            (Domain::Quantised { low, step, .. }, _) => {
                domain.nth(((number - low) / step).round() as u64)
            }
            (Domain::Integer { low, step, .. }, _) => {
                domain.nth(((number - *low as f64) / *step as f64).round() as u64)
            }
            (Domain::Grid(_), Spot::At(_) | Spot::Cell { .. }) => domain.nth(number.round() as u64),
            (Domain::Grid(_) | Domain::Choice(_) | Domain::Fixed(_), _) => domain.nth(0),
        }
    }
}
