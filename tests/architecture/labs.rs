//! Words of particular labs in crates that serve all labs.

use std::ops::RangeInclusive;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;

use crate::house::{Crate, House, Source, attributes, is_test};
use crate::known::Violation;

/// Words of the labs' subjects. The labs' own names are added to them.
const SUBJECTS: [&str; 14] = [
    "mnist",
    "cifar",
    "california",
    "resnet",
    "forest",
    "forests",
    "rank",
    "ranks",
    "torchrun",
    "gloo",
    "nccl",
    "sklearn",
    "scikit",
    "ray",
];

/// Names of labs that are everyday words, and so say nothing about a lab.
const EVERYDAY: [&str; 1] = ["commands"];

/// Where labs' words are at home: the labs and the crates that only workers of a training use.
const AT_HOME: [&str; 5] = [
    "crates/worker",
    "crates/training",
    "crates/torch-ddp",
    "crates/images",
    "crates/forest",
];

/// What to do about a finding here.
pub const TO_DO: &str = "let the lab declare it (its definition, its figures, what it calls a slot), and say the general word here";

/// Every file of a general crate with the words of labs in its code and strings. Comments
/// may give examples.
pub fn find(house: &House) -> Vec<Violation> {
    let labs = house
        .crates
        .iter()
        .filter(|each| each.dir.starts_with("labs/"));
    let ids = labs.filter_map(Crate::lab);
    let ids: Vec<&str> = ids.filter(|id| !EVERYDAY.contains(id)).collect();
    let mut findings = Vec::new();
    for (each, file) in house.product() {
        if each.is_lab() || AT_HOME.contains(&&*each.dir) {
            continue;
        }
        let mut found: Vec<(String, usize)> = Vec::new();
        let tests = test_lines(file);
        words(file.tokens(), file, &mut |word, line| {
            let lab = ids.contains(&word) || SUBJECTS.contains(&word);
            let test = tests.iter().any(|lines| lines.contains(&line));
            if lab && !test && !found.iter().any(|(known, _)| known == word) {
                found.push((word.to_owned(), line));
            }
        });
        for (word, line) in found {
            findings.push(Violation {
                key: format!("{} {word}", file.path),
                place: format!("{}:{line}", file.path),
                what: format!("says `{word}`"),
            });
        }
    }
    findings
}

/// The lines of a file's items that are compiled for tests only.
fn test_lines(file: &Source) -> Vec<RangeInclusive<usize>> {
    let items = file.tree.items.iter();
    let tests = items.filter(|item| is_test(attributes(item)));
    tests
        .map(|item| item.span().start().line..=item.span().end().line)
        .collect()
}

/// Hands over every word of identifiers and strings, in lower case, with its line.
fn words(tokens: TokenStream, file: &Source, take: &mut impl FnMut(&str, usize)) {
    for token in tokens {
        let line = token.span().start().line;
        match token {
            TokenTree::Group(group) => words(group.stream(), file, take),
            TokenTree::Ident(ident) => split(&ident.to_string(), |word| take(word, line)),
            TokenTree::Literal(literal) if file.is_string(&literal) => {
                split(&literal.to_string(), |word| take(word, line));
            }
            _ => {}
        }
    }
}

/// Cuts at everything that is no letter or digit, and before a capital after a small letter.
fn split(text: &str, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    let mut small = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || (small && c.is_uppercase()) {
            take(&word);
            word.clear();
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    take(&word);
}
