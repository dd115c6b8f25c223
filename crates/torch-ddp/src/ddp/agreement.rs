//! Do all ranks have the same model?
//!
//! Asked before anything else, because gloo ends the process when the tensors of a collective have
//! different sizes, and libtorch's own check (`verify_params_across_processes`) tells only some of
//! the ranks.

use std::fmt::Write;

use tch::{Kind, Tensor};

use super::options::DdpOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::group::ProcessGroup;

const WHAT: &str = "compare the ranks' models";

/// Compares variables and options of all ranks. On a difference, every rank gets the same error.
pub(super) fn verify(
    group: &ProcessGroup,
    named: &[(String, Tensor)],
    options: &DdpOptions,
) -> Result<()> {
    let own = describe(named, options);
    let descriptions = exchange(group, own.as_bytes())?;
    match first_difference(&descriptions) {
        None => Ok(()),
        Some(difference) => Err(Error::new(
            ErrorKind::Mismatch,
            WHAT,
            format!("{difference}; build the same model with the same options on every rank"),
        )),
    }
}

/// The model in words: one line for the options, then one for each variable.
fn describe(named: &[(String, Tensor)], options: &DdpOptions) -> String {
    let mut text = format!("the options\t{options:?}\n");
    for (name, tensor) in named {
        let role = if tensor.requires_grad() {
            "trained"
        } else {
            "not trained"
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "`{name}`\t{:?} {:?} {role}",
            tensor.kind(),
            tensor.size()
        );
    }
    text
}

/// Every rank's description. Two collectives, whose tensors have the same size on all ranks
/// whatever the models are.
fn exchange(group: &ProcessGroup, own: &[u8]) -> Result<Vec<String>> {
    let lengths = group
        .all_gather(&Tensor::from_slice(&[
            i64::try_from(own.len()).unwrap_or(i64::MAX)
        ]))?
        .iter()
        .map(|length| {
            i64::try_from(length)
                .ok()
                .and_then(|length| usize::try_from(length).ok())
        })
        .collect::<Option<Vec<usize>>>()
        .ok_or_else(|| Error::new(ErrorKind::Mismatch, WHAT, "a rank sent no length"))?;
    let mut padded = own.to_vec();
    padded.resize(lengths.iter().copied().max().unwrap_or(0), 0);
    let gathered = group.all_gather(&Tensor::from_slice(&padded).to_kind(Kind::Uint8))?;
    gathered
        .iter()
        .zip(lengths)
        .map(|(tensor, length)| {
            let mut bytes = Vec::<u8>::try_from(tensor)
                .map_err(|error| Error::new(ErrorKind::Other, WHAT, error.to_string()))?;
            bytes.truncate(length);
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

/// The first line in which a rank differs from rank 0, in words.
fn first_difference(descriptions: &[String]) -> Option<String> {
    let (first, others) = descriptions.split_first()?;
    let (rank, other) = (1..).zip(others).find(|(_, other)| *other != first)?;
    let mut ours = first.lines();
    let mut theirs = other.lines();
    loop {
        let (a, b) = (ours.next(), theirs.next());
        if a == b && a.is_some() {
            continue;
        }
        let split = |line: &str| {
            line.split_once('\t')
                .map(|(name, what)| (name.to_owned(), what.to_owned()))
        };
        return Some(match (a.and_then(split), b.and_then(split)) {
            (Some((name, here)), Some((other_name, there))) if name == other_name => {
                format!("{name}: {here} on rank 0, {there} on rank {rank}")
            }
            // The names are sorted, so the lesser is the one that the other rank lacks.
            (Some((name, _)), Some((other_name, _))) if name < other_name => {
                format!("{name} is on rank 0 but not on rank {rank}")
            }
            (_, Some((name, _))) => format!("{name} is on rank {rank} but not on rank 0"),
            (Some((name, _)), None) => format!("{name} is on rank 0 but not on rank {rank}"),
            (None, None) => format!("rank 0 and rank {rank} differ"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(ranks: &[&str]) -> Option<String> {
        first_difference(
            &ranks
                .iter()
                .map(|&rank| rank.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn equal_ranks_agree() {
        assert_eq!(difference(&["`a`\tx\n", "`a`\tx\n", "`a`\tx\n"]), None);
        assert_eq!(difference(&["`a`\tx\n"]), None);
    }

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(
            difference(&[
                "`a`\tx\n`b`\t[2]\n",
                "`a`\tx\n`b`\t[2]\n",
                "`a`\tx\n`b`\t[3]\n"
            ])
            .unwrap(),
            "`b`: [2] on rank 0, [3] on rank 2"
        );
    }

    #[test]
    fn missing_variables_are_named() {
        let (both, one) = ("`a`\tx\n`b`\tx\n`c`\tx\n", "`a`\tx\n`c`\tx\n");
        assert_eq!(
            difference(&[both, one]).unwrap(),
            "`b` is on rank 0 but not on rank 1"
        );
        assert_eq!(
            difference(&[one, both]).unwrap(),
            "`b` is on rank 1 but not on rank 0"
        );
        assert_eq!(
            difference(&["`a`\tx\n", "`a`\tx\n`b`\tx\n"]).unwrap(),
            "`b` is on rank 1 but not on rank 0"
        );
    }

    #[test]
    fn a_model_in_words() {
        let vars = tch::nn::VarStore::new(tch::Device::Cpu);
        let _weight = vars.root().zeros("weight", &[2, 3]);
        let _mean = vars.root().zeros_no_train("mean", &[3]);
        let mut named: Vec<_> = vars.variables().into_iter().collect();
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        let text = describe(&named, &DdpOptions::default());
        let lines: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "`mean`\tFloat [3] not trained",
                "`weight`\tFloat [2, 3] trained"
            ]
        );
    }
}
