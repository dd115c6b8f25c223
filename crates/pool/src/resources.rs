//! Amounts of resources in fixed point, so that ten tasks of 0.1 gpu fill one gpu exactly.
//!
//! Belongs here: converting, comparing and adding amounts. Does not belong here: who
//! gets them when.

use std::sync::Arc;

use super::error::PoolError;

/// Parts of one cpu, gpu or custom resource: amounts are multiples of 1/10 000, as in Ray (Moritz
/// et al. 2018).
const PARTS: f64 = 10_000.0;
const LARGEST: f64 = 1e12;

/// How much of everything a task asks for, or a pool has. Memory counts bytes, the others parts
/// of 1/10 000.
///
/// What is free may fall below zero: a task that was blocked takes its cpus back without
/// waiting for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amounts {
    pub cpus: i64,
    pub gpus: i64,
    pub memory: i64,
    /// In the order of the pool's custom resources; empty stands for all zeros.
    pub custom: Vec<i64>,
}

/// What a task asks for when it says nothing.
pub static ONE_CPU: Amounts = Amounts {
    cpus: 10_000,
    gpus: 0,
    memory: 0,
    custom: Vec::new(),
};

impl Amounts {
    /// Whether `self` can be taken out of `free`.
    pub fn fits(&self, free: &Self) -> bool {
        let enough = |need: i64, there: i64| need == 0 || need <= there;
        enough(self.cpus, free.cpus)
            && enough(self.gpus, free.gpus)
            && enough(self.memory, free.memory)
            && (self.custom.iter().zip(&free.custom)).all(|(need, there)| enough(*need, *there))
    }

    /// Takes `part` out of `self`.
    pub fn take(&mut self, part: &Self) {
        self.cpus -= part.cpus;
        self.gpus -= part.gpus;
        self.memory -= part.memory;
        for (there, need) in self.custom.iter_mut().zip(&part.custom) {
            *there -= need;
        }
    }

    /// Gives `part` back to `self`.
    pub fn give(&mut self, part: &Self) {
        self.cpus += part.cpus;
        self.gpus += part.gpus;
        self.memory += part.memory;
        for (there, need) in self.custom.iter_mut().zip(&part.custom) {
            *there += need;
        }
    }
}

/// Everything a pool has, and what its custom resources are called.
#[derive(Debug, Clone)]
pub struct Capacity {
    pub total: Amounts,
    names: Vec<Arc<str>>,
}

impl Capacity {
    pub fn new(
        workers: usize,
        gpus: f64,
        memory_bytes: u64,
        custom: &[(Arc<str>, f64)],
    ) -> Result<Self, PoolError> {
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut amounts = Vec::new();
        for (name, amount) in custom {
            let amount = parts("pool", name, *amount)?;
            if let Some(known) = names.iter().position(|known| known == name) {
                amounts[known] = amount;
            } else {
                names.push(Arc::clone(name));
                amounts.push(amount);
            }
        }
        Ok(Self {
            total: Amounts {
                cpus: parts("pool", "cpus", workers as f64)?,
                gpus: parts("pool", "gpus", gpus)?,
                memory: bytes(memory_bytes),
                custom: amounts,
            },
            names,
        })
    }

    /// The amounts of a task's request.
    ///
    /// # Errors
    /// When an amount is none, or more than the whole pool has.
    pub fn demand(
        &self,
        task: &str,
        cpus: f64,
        gpus: f64,
        memory_bytes: u64,
        custom: &[(Arc<str>, f64)],
    ) -> Result<Amounts, PoolError> {
        let mut wanted = if custom.is_empty() {
            Vec::new()
        } else {
            vec![0; self.names.len()]
        };
        for (name, amount) in custom {
            let amount_parts = parts(task, name, *amount)?;
            match self.names.iter().position(|known| known == name) {
                Some(known) => wanted[known] = amount_parts,
                None if amount_parts == 0 => {}
                None => {
                    return Err(never_fits(
                        task,
                        name,
                        amount.to_string(),
                        "none".to_owned(),
                    ));
                }
            }
        }
        let demand = Amounts {
            cpus: parts(task, "cpus", cpus)?,
            gpus: parts(task, "gpus", gpus)?,
            memory: bytes(memory_bytes),
            custom: wanted,
        };
        self.check(task, &demand)?;
        Ok(demand)
    }

    fn check(&self, task: &str, demand: &Amounts) -> Result<(), PoolError> {
        let in_parts = |name: &str, asked: i64, there: i64| {
            if asked <= there {
                return Ok(());
            }
            let say = |amount: i64| (amount as f64 / PARTS).to_string();
            Err(never_fits(task, name, say(asked), say(there)))
        };
        in_parts("cpus", demand.cpus, self.total.cpus)?;
        in_parts("gpus", demand.gpus, self.total.gpus)?;
        if demand.memory > self.total.memory {
            let (asked, there) = (demand.memory.to_string(), self.total.memory.to_string());
            return Err(never_fits(task, "bytes of memory", asked, there));
        }
        for ((name, asked), there) in
            (self.names.iter().zip(&demand.custom)).zip(&self.total.custom)
        {
            in_parts(name, *asked, *there)?;
        }
        Ok(())
    }
}

fn never_fits(task: &str, resource: &str, asked: String, there: String) -> PoolError {
    PoolError::NeverFits {
        task: task.to_owned(),
        resource: resource.to_owned(),
        asked,
        there,
    }
}

fn parts(place: &str, resource: &str, amount: f64) -> Result<i64, PoolError> {
    if (0.0..=LARGEST).contains(&amount) {
        return Ok((amount * PARTS).round() as i64);
    }
    Err(PoolError::Amount {
        place: place.to_owned(),
        resource: resource.to_owned(),
        amount,
    })
}

fn bytes(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity() -> Capacity {
        Capacity::new(4, 2.0, 1 << 30, &[("tokens".into(), 3.0)]).unwrap()
    }

    #[test]
    fn ten_tenths_fill_one() {
        let capacity = Capacity::new(1, 1.0, 0, &[]).unwrap();
        let tenth = capacity.demand("t", 0.0, 0.1, 0, &[]).unwrap();
        let mut free = capacity.total.clone();
        for _ in 0..10 {
            assert!(tenth.fits(&free));
            free.take(&tenth);
        }
        assert!(!tenth.fits(&free));
        assert_eq!(free.gpus, 0);
        free.give(&tenth);
        assert!(tenth.fits(&free));
    }

    #[test]
    fn asking_for_nothing_fits_even_when_overdrawn() {
        let mut free = capacity().total;
        free.cpus = -5;
        let nothing = capacity().demand("t", 0.0, 1.0, 0, &[]).unwrap();
        assert!(nothing.fits(&free));
    }

    #[test]
    fn an_impossible_request_says_what_there_is() {
        let asks = |cpus, gpus, memory, custom: &[(Arc<str>, f64)]| {
            capacity()
                .demand("big", cpus, gpus, memory, custom)
                .unwrap_err()
                .to_string()
        };
        assert!(asks(5.0, 0.0, 0, &[]).contains("`big` asks for 5 cpus and the pool has 4"));
        assert!(asks(1.0, 2.5, 0, &[]).contains("asks for 2.5 gpus and the pool has 2"));
        assert!(asks(1.0, 0.0, 1 << 31, &[]).contains("2147483648 bytes of memory"));
        assert!(asks(1.0, 0.0, 0, &[("tokens".into(), 4.0)]).contains("4 tokens"));
        assert!(asks(1.0, 0.0, 0, &[("tpus".into(), 1.0)]).contains("has none"));
    }

    #[test]
    fn nonsense_is_refused() {
        for amount in [-1.0, f64::NAN, f64::INFINITY, 1e13] {
            let refused = capacity().demand("t", amount, 0.0, 0, &[]);
            assert!(matches!(refused, Err(PoolError::Amount { .. })), "{amount}");
            let refused = Capacity::new(1, amount, 0, &[]);
            assert!(matches!(refused, Err(PoolError::Amount { .. })), "{amount}");
        }
    }
}
