//! How long functions, files and lines are.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::Visit;

use crate::house::{House, Source, is_test};
use crate::known::Violation;

/// Lines of a function of the product, from its `fn` to its closing brace.
const FUNCTION: usize = 60;
/// Lines of a function of a test, which may tell a long story.
const TEST_FUNCTION: usize = 120;
const FILE: usize = 500;
const COLUMNS: usize = 100;
/// How a comment begins that gives the reason for a long function or file.
const REASON: &str = "Long because ";

/// Functions that are too long and say no reason.
pub fn functions(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for (_, file) in house.files() {
        let mut reader = Functions {
            file,
            test: file.module.is_none(),
            lines: file.text.lines().collect(),
            findings: &mut findings,
        };
        reader.visit_file(&file.tree);
    }
    findings
}

struct Functions<'a> {
    file: &'a Source,
    test: bool,
    lines: Vec<&'a str>,
    findings: &'a mut Vec<Violation>,
}

impl Functions<'_> {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let last = block.span().end().line;
        let lines = last + 1 - first;
        let most = if self.test { TEST_FUNCTION } else { FUNCTION };
        let around = &self.lines[first.saturating_sub(8)..last];
        if lines > most && !around.iter().any(|line| line.contains(REASON)) {
            let name = &signature.ident;
            self.findings.push(Violation {
                key: format!("{} {name}", self.file.path),
                place: format!("{}:{first}", self.file.path),
                what: format!("fn {name} has {lines} lines, more than {most}"),
            });
        }
    }

    fn within(&mut self, attributes: &[syn::Attribute], read: impl FnOnce(&mut Self)) {
        let outer = self.test;
        self.test |= is_test(attributes);
        read(self);
        self.test = outer;
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within(&item.attrs, |this| syn::visit::visit_item_mod(this, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(&item.attrs, |this| {
            this.function(&item.sig, &item.block);
            syn::visit::visit_item_fn(this, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

/// Files that are too long and say no reason at their top.
pub fn files(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for (_, file) in house.files() {
        let lines = file.text.lines().count();
        let reason = file.text.lines().take(40).any(|line| line.contains(REASON));
        if lines > FILE && !reason {
            findings.push(Violation {
                key: file.path.clone(),
                place: file.path.clone(),
                what: format!("{lines} lines, more than {FILE}"),
            });
        }
    }
    findings
}

/// Files with lines that are too long. A string that reaches over the edge may, and so may a
/// comment of one word, such as an address.
pub fn columns(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for (_, file) in house.files() {
        let long = too_long(file);
        if let Some(first) = long.first() {
            findings.push(Violation {
                key: file.path.clone(),
                place: format!("{}:{first}", file.path),
                what: format!("{} lines of more than {COLUMNS} columns", long.len()),
            });
        }
    }
    findings
}

fn too_long(file: &Source) -> Vec<usize> {
    let numbered = || (1..).zip(file.text.lines());
    let long = |line: &str| line.chars().count() > COLUMNS;
    if !numbered().any(|(_, line)| long(line)) {
        return Vec::new();
    }
    let mut strings = Vec::new();
    find_strings(file.tokens(), file, &mut strings);
    let of_one_word = |line: &str| {
        let text = line.trim_start();
        text.starts_with("//") && text.split_whitespace().count() <= 2
    };
    numbered()
        .filter(|(number, line)| {
            let in_string = strings.iter().any(|((from, start), (to, end))| {
                let starts = from < number || (from == number && *start < COLUMNS);
                let ends = to > number || (to == number && *end >= COLUMNS);
                starts && ends
            });
            long(line) && !of_one_word(line) && !in_string
        })
        .map(|(number, _)| number)
        .collect()
}

type Place = (usize, usize);

/// Where the string literals begin and end, by line and column.
fn find_strings(tokens: TokenStream, file: &Source, found: &mut Vec<(Place, Place)>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => find_strings(group.stream(), file, found),
            TokenTree::Literal(literal) if file.is_string(&literal) => {
                let (start, end) = (literal.span().start(), literal.span().end());
                found.push(((start.line, start.column), (end.line, end.column)));
            }
            _ => {}
        }
    }
}
