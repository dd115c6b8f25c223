//! Which file defines what a path names: the modules of one crate, their items and imports,
//! followed through re-exports.
//!
//! Names of values that the code computes (fields, variables) are not looked up; methods are, where
//! the type is known without knowing types: `self.method()` in an `impl` block.

use std::collections::{BTreeSet, HashMap};

use syn::{Item, UseTree};

use crate::house::{Crate, attributes, is_test};

/// How many re-exports in a row are followed.
const DEPTH: usize = 16;

/// The names of one crate.
pub struct Names {
    /// What other crates and the program call its library.
    library: String,
    modules: HashMap<Vec<String>, Scope>,
    macros: HashMap<String, BTreeSet<usize>>,
    /// The files that define a method, by the type's file and name and the method's.
    methods: HashMap<(usize, String, String), BTreeSet<usize>>,
}

/// What a module's names mean.
#[derive(Default)]
struct Scope {
    /// The number of its file.
    file: usize,
    items: HashMap<String, Vec<Meaning>>,
    globs: Vec<Vec<String>>,
}

enum Meaning {
    Item,
    Module,
    Import(Vec<String>),
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An item, by the number of its file and its name.
    Item(usize, String),
    /// A module, by its path.
    Module(Vec<String>),
}

/// One name of an import.
pub struct Import<'a> {
    pub path: Vec<String>,
    /// What it is called here; none for everything below the path.
    pub name: Option<&'a syn::Ident>,
}

impl Names {
    /// Reads the files of a crate that belong to its product; a file's number is its
    /// place among all.
    pub fn of(house_crate: &Crate) -> Self {
        let mut names = Self {
            library: house_crate.name.replace('-', "_"),
            modules: HashMap::new(),
            macros: HashMap::new(),
            methods: HashMap::new(),
        };
        let product = || {
            let files = house_crate.files.iter().enumerate();
            files.filter_map(|(number, file)| Some((number, file, file.module.as_ref()?)))
        };
        for (number, file, module) in product() {
            names.read_items(number, module, &file.tree.items);
        }
        for (number, file, module) in product() {
            names.read_methods(number, module, &file.tree.items);
        }
        names
    }

    fn read_items(&mut self, file: usize, module: &[String], items: &[Item]) {
        let mut scope = Scope {
            file,
            ..Scope::default()
        };
        let mut inner = Vec::new();
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            if let Item::Use(import) = item {
                for import in imports(&import.tree) {
                    match import.name {
                        Some(name) => scope.add(name.to_string(), Meaning::Import(import.path)),
                        None => scope.globs.push(import.path),
                    }
                }
                continue;
            }
            if let Item::Macro(item) = item
                && let Some(name) = &item.ident
            {
                self.macros
                    .entry(name.to_string())
                    .or_default()
                    .insert(file);
            }
            if let Item::ForeignMod(block) = item {
                for item in &block.items {
                    if let syn::ForeignItem::Fn(function) = item {
                        scope.add(function.sig.ident.to_string(), Meaning::Item);
                    }
                }
            }
            if let Some(name) = name_of(item) {
                let is_module = matches!(item, Item::Mod(_));
                let meaning = if is_module {
                    Meaning::Module
                } else {
                    Meaning::Item
                };
                scope.add(name, meaning);
            }
            if let Item::Mod(item) = item
                && let Some((_, items)) = &item.content
            {
                inner.push((item.ident.to_string(), items));
            }
        }
        self.modules.insert(module.to_vec(), scope);
        for (name, items) in inner {
            let path: Vec<String> = module.iter().cloned().chain([name]).collect();
            self.read_items(file, &path, items);
        }
    }

    fn read_methods(&mut self, file: usize, module: &[String], items: &[Item]) {
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            let Item::Impl(block) = item else { continue };
            if block.trait_.is_some() {
                continue;
            }
            for (home, name) in self.type_of(module, &block.self_ty) {
                for item in &block.items {
                    if let syn::ImplItem::Fn(method) = item {
                        let key = (home, name.clone(), method.sig.ident.to_string());
                        self.methods.entry(key).or_default().insert(file);
                    }
                }
            }
        }
    }

    /// The types of this crate that a type's own path names.
    pub fn type_of(&self, module: &[String], named: &syn::Type) -> Vec<(usize, String)> {
        let syn::Type::Path(path) = named else {
            return Vec::new();
        };
        let path = segments(&path.path);
        let targets = self.resolve(module, &path).into_iter();
        let items = targets.filter_map(|target| match target {
            Target::Item(file, name) => Some((file, name)),
            Target::Module(_) => None,
        });
        items.collect()
    }

    /// The files that define a method of a type.
    pub fn method(&self, of: &(usize, String), name: &str) -> BTreeSet<usize> {
        let key = (of.0, of.1.clone(), name.to_owned());
        self.methods.get(&key).cloned().unwrap_or_default()
    }

    /// The files that define a macro.
    pub fn macro_files(&self, name: &str) -> BTreeSet<usize> {
        self.macros.get(name).cloned().unwrap_or_default()
    }

    /// What a path leads to when it is written in a module. Nothing for what another crate defines.
    pub fn resolve(&self, module: &[String], path: &[String]) -> BTreeSet<Target> {
        self.follow(module, path, DEPTH)
    }

    fn follow(&self, module: &[String], path: &[String], depth: usize) -> BTreeSet<Target> {
        let (Some((first, rest)), Some(depth)) = (path.split_first(), depth.checked_sub(1)) else {
            return BTreeSet::new();
        };
        let here = |path: &[String]| BTreeSet::from([Target::Module(path.to_vec())]);
        let mut reached = match &**first {
            "crate" => here(&module[..1]),
            "self" => here(module),
            "super" => here(&module[..module.len().saturating_sub(1).max(1)]),
            name => {
                let found = self.look_up(module, name, depth);
                if found.is_empty() && *name == self.library {
                    here(&["lib".to_owned()])
                } else {
                    found
                }
            }
        };
        for name in rest {
            let last = std::mem::take(&mut reached);
            for target in last {
                match target {
                    Target::Module(path) if name == "super" => {
                        reached.extend(here(&path[..path.len().saturating_sub(1).max(1)]));
                    }
                    Target::Module(path) => reached.extend(self.look_up(&path, name, depth)),
                    item @ Target::Item(..) => {
                        reached.insert(item);
                    }
                }
            }
        }
        reached
    }

    fn look_up(&self, module: &[String], name: &str, depth: usize) -> BTreeSet<Target> {
        let mut found = BTreeSet::new();
        let Some(scope) = self.modules.get(module) else {
            return found;
        };
        for meaning in scope.items.get(name).into_iter().flatten() {
            match meaning {
                Meaning::Item => {
                    found.insert(Target::Item(scope.file, name.to_owned()));
                }
                Meaning::Module => {
                    let path = module.iter().cloned().chain([name.to_owned()]);
                    found.insert(Target::Module(path.collect()));
                }
                Meaning::Import(path) => found.extend(self.follow(module, path, depth)),
            }
        }
        if found.is_empty() {
            let Some(depth) = depth.checked_sub(4) else {
                return found;
            };
            for glob in &scope.globs {
                for target in self.follow(module, glob, depth) {
                    if let Target::Module(path) = target
                        && path != module
                    {
                        found.extend(self.look_up(&path, name, depth));
                    }
                }
            }
        }
        found
    }
}

impl Scope {
    fn add(&mut self, name: String, meaning: Meaning) {
        self.items.entry(name).or_default().push(meaning);
    }
}

/// The names of a path.
pub fn segments(path: &syn::Path) -> Vec<String> {
    let names = path.segments.iter();
    names.map(|segment| segment.ident.to_string()).collect()
}

/// The names that a `use` brings in.
pub fn imports(tree: &UseTree) -> Vec<Import<'_>> {
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), &mut found);
    found
}

fn collect<'a>(tree: &'a UseTree, path: &mut Vec<String>, found: &mut Vec<Import<'a>>) {
    let leaf = |name: &str, path: &[String]| {
        let own = (name != "self").then(|| name.to_owned());
        path.iter().cloned().chain(own).collect()
    };
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            collect(&step.tree, path, found);
            path.pop();
        }
        UseTree::Name(name) => found.push(Import {
            path: leaf(&name.ident.to_string(), path),
            name: Some(&name.ident),
        }),
        UseTree::Rename(rename) => found.push(Import {
            path: leaf(&rename.ident.to_string(), path),
            name: Some(&rename.rename),
        }),
        UseTree::Glob(_) => found.push(Import {
            path: path.clone(),
            name: None,
        }),
        UseTree::Group(group) => {
            for tree in &group.items {
                collect(tree, path, found);
            }
        }
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
