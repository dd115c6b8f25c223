//! Circles of files.
//!
//! An arrow leads from a file to another file of its crate that defines something which the first
//! one names: in a path of its code, in a private `use`, in a macro's arguments or in an attribute
//! such as `serde(with = "…")`; and to a file whose `impl` block defines a method that the first
//! one calls on `self`. Re-exports are followed to the file that defines the item. No arrow by
//! itself is a `mod x;`, a `pub use`, a glob import (what is used through it is), or the name of a
//! module in the middle of a path. Code for tests does not count.
//!
//! A parent that defines a type and calls its children, which use that type, is therefore a circle:
//! the type belongs into a file of its own, which both use.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemUse, Visibility};

use crate::house::{Crate, House, attributes, is_test};
use crate::known::Violation;
use crate::names::{Names, Target, imports, segments};

/// From a file to a file: the names taken, each with the line of its first use.
type Arrows = BTreeMap<(usize, usize), BTreeMap<String, usize>>;

/// What to do about a finding here.
pub const TO_DO: &str = "move what both sides use into a file of its own that both use";

/// Every file that is part of a circle. The first file of a circle says which arrows make it.
pub fn find(house: &House) -> Vec<Violation> {
    house.crates.iter().flat_map(in_crate).collect()
}

fn in_crate(house_crate: &Crate) -> Vec<Violation> {
    let arrows = arrows(house_crate);
    let pairs: Vec<(usize, usize)> = arrows.keys().copied().collect();
    let circles = components(house_crate.files.len(), &pairs);
    let path = |number: usize| &*house_crate.files[number].path;
    let describe = |circle: &Vec<usize>| -> Vec<Violation> {
        let inside = arrows
            .iter()
            .filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        let lines = inside.map(|((from, to), names)| {
            let first = names.values().min().copied().unwrap_or_default();
            let names: Vec<&str> = names.keys().map(String::as_str).collect();
            let (from, to) = (path(*from), path(*to));
            format!("\n    {from}:{first} -> {to}: {}", names.join(", "))
        });
        let mut files: Vec<&str> = circle.iter().map(|number| path(*number)).collect();
        files.sort_unstable();
        let mut whole = Some(lines.collect::<String>());
        let finding = |file: &&str| Violation {
            key: (*file).to_owned(),
            place: (*file).to_owned(),
            what: match whole.take() {
                Some(arrows) => format!("in a circle of {} files:{arrows}", circle.len()),
                None => format!("in the circle with {}", files[0]),
            },
        };
        files.iter().map(finding).collect()
    };
    circles.iter().flat_map(describe).collect()
}

/// How many arrows between files there are in all.
pub fn count(house: &House) -> usize {
    house.crates.iter().map(|each| arrows(each).len()).sum()
}

fn arrows(house_crate: &Crate) -> Arrows {
    let names = Names::of(house_crate);
    let mut found = Arrows::new();
    for (number, file) in house_crate.files.iter().enumerate() {
        let Some(module) = &file.module else { continue };
        let mut reader = Reader {
            names: &names,
            file: number,
            module: module.clone(),
            own: Vec::new(),
            found: &mut found,
        };
        for item in &file.tree.items {
            reader.visit_item(item);
        }
    }
    found
}

/// Reads the arrows that start in one file.
struct Reader<'a> {
    names: &'a Names,
    file: usize,
    module: Vec<String>,
    /// The type whose `impl` block is being read.
    own: Vec<(usize, String)>,
    found: &'a mut Arrows,
}

impl Reader<'_> {
    fn arrow(&mut self, to: usize, name: &str, line: usize) {
        if to != self.file {
            let names = self.found.entry((self.file, to)).or_default();
            names.entry(name.to_owned()).or_insert(line);
        }
    }

    fn path(&mut self, path: &[String], line: usize) {
        for target in self.names.resolve(&self.module, path) {
            if let Target::Item(file, name) = target {
                self.arrow(file, &name, line);
                if let Some(last) = path.last().filter(|last| **last != name) {
                    self.method(&(file, name), last, line);
                }
            }
        }
        if let [first, method] = path
            && first == "Self"
        {
            for own in self.own.clone() {
                self.method(&own, method, line);
            }
        }
    }

    fn method(&mut self, of: &(usize, String), name: &str, line: usize) {
        for file in self.names.method(of, name) {
            self.arrow(file, &format!("{}::{name}", of.1), line);
        }
    }

    /// The paths in what a macro is given.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons, mut after_dot) = (0, 0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_path(&mut path, line);
                    }
                    line = ident.span().start().line;
                    if !after_dot {
                        path.push(ident.to_string());
                    }
                    (colons, after_dot) = (0, false);
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Punct(mark) => {
                    self.end_path(&mut path, line);
                    (colons, after_dot) = (0, mark.as_char() == '.');
                }
                TokenTree::Group(group) => {
                    self.end_path(&mut path, line);
                    (colons, after_dot) = (0, false);
                    self.tokens(group.stream());
                }
                TokenTree::Literal(_) => {
                    self.end_path(&mut path, line);
                    (colons, after_dot) = (0, false);
                }
            }
        }
        self.end_path(&mut path, line);
    }

    fn end_path(&mut self, path: &mut Vec<String>, line: usize) {
        let whole = std::mem::take(path);
        if !whole.is_empty() {
            self.path(&whole, line);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        if let Item::Mod(module) = item {
            self.module.push(module.ident.to_string());
            syn::visit::visit_item(self, item);
            self.module.pop();
        } else {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let own = self.names.type_of(&self.module, &block.self_ty);
        let outer = std::mem::replace(&mut self.own, own);
        syn::visit::visit_item_impl(self, block);
        self.own = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !matches!(item.vis, Visibility::Inherited) {
            return;
        }
        for import in imports(&item.tree) {
            if let Some(name) = import.name {
                self.path(&import.path, name.span().start().line);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.path(&segments(path), first.ident.span().start().line);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let on_self =
            matches!(&*call.receiver, syn::Expr::Path(path) if path.path.is_ident("self"));
        if on_self {
            let (name, line) = (call.method.to_string(), call.method.span().start().line);
            for own in self.own.clone() {
                self.method(&own, &name, line);
            }
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.get_ident() {
            let line = name.span().start().line;
            for file in self.names.macro_files(&name.to_string()) {
                self.arrow(file, &format!("{name}!"), line);
            }
        }
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let syn::Meta::List(list) = &attribute.meta else {
            return;
        };
        for token in list.tokens.clone() {
            let line = token.span().start().line;
            let text = token.to_string();
            let path: Vec<String> = text
                .trim_matches('"')
                .split("::")
                .map(str::to_owned)
                .collect();
            if text.starts_with('"') {
                self.path(&path, line);
            }
        }
    }
}

/// The strongly connected components of more than one member (Tarjan 1972).
fn components(members: usize, arrows: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut search = Search {
        arrows,
        index: vec![None; members],
        low: vec![0; members],
        stack: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for member in 0..members {
        if search.index[member].is_none() {
            search.visit(member);
        }
    }
    search.found
}

struct Search<'a> {
    arrows: &'a [(usize, usize)],
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    stack: Vec<usize>,
    next: usize,
    found: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, member: usize) {
        self.index[member] = Some(self.next);
        self.low[member] = self.next;
        self.next += 1;
        self.stack.push(member);
        let from = self.arrows.partition_point(|(from, _)| *from < member);
        for (_, to) in self.arrows[from..]
            .iter()
            .take_while(|(from, _)| *from == member)
        {
            match self.index[*to] {
                None => {
                    self.visit(*to);
                    self.low[member] = self.low[member].min(self.low[*to]);
                }
                Some(index) if self.stack.contains(to) => {
                    self.low[member] = self.low[member].min(index);
                }
                Some(_) => {}
            }
        }
        if Some(self.low[member]) == self.index[member] {
            let at = self.stack.iter().position(|on_stack| *on_stack == member);
            let component = self.stack.split_off(at.unwrap_or_default());
            if component.len() > 1 {
                self.found.push(component);
            }
        }
    }
}

#[test]
fn components_are_found() {
    let arrows = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (5, 0)];
    let mut found = components(6, &arrows);
    for component in &mut found {
        component.sort_unstable();
    }
    found.sort();
    assert_eq!(found, [vec![0, 1, 2], vec![3, 4]]);
}
