//! The tree as the checks see it: every crate with its manifest, every source file parsed and
//! placed in its crate.
//!
//! Crates are found, not listed: a folder with a `Cargo.toml` under `crates`, `labs`, `tests` or
//! `fuzz` is one, and so is the root. Lines come from the tokens' places.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Literal, TokenStream};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, Meta};

/// All crates of the tree.
pub struct House {
    pub root: PathBuf,
    pub crates: Vec<Crate>,
}

/// One crate.
pub struct Crate {
    /// The package's name.
    pub name: String,
    /// Its folder, relative to the root; `src` for the root's own package.
    pub dir: String,
    /// Packages that its product code depends on, build scripts included.
    pub depends: BTreeSet<String>,
    /// Packages that its tests, benches and examples depend on besides.
    pub dev_depends: BTreeSet<String>,
    /// All `.rs` files of the package.
    pub files: Vec<Source>,
    /// Whether it makes a program.
    pub program: bool,
    /// Test programs that require a feature: without it cargo leaves them out and says nothing.
    pub left_out: Vec<String>,
}

/// One source file.
pub struct Source {
    /// Relative to the root.
    pub path: String,
    pub text: String,
    pub tree: syn::File,
    /// The file's module: `lib` or `main`, then the names down to it. None for a file that is no
    /// part of the product.
    pub module: Option<Vec<String>>,
}

impl Source {
    /// The file as tokens, which know their lines and columns.
    pub fn tokens(&self) -> TokenStream {
        self.text.parse().unwrap()
    }

    /// Whether a literal is a string of the code, and not a comment of documentation, which tokens
    /// are literals too.
    pub fn is_string(&self, literal: &Literal) -> bool {
        let place = literal.span().start();
        let line = self.text.lines().nth(place.line - 1).unwrap_or_default();
        let mark = line.chars().nth(place.column).unwrap_or_default();
        matches!(mark, '"' | 'r' | 'b' | 'c') && literal.to_string().ends_with(['"', '#'])
    }
}

impl House {
    /// Reads everything.
    pub fn read() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).unwrap().to_owned();
        let mut dirs = Vec::new();
        for below in ["crates", "labs", "tests", "fuzz"] {
            packages(&root.join(below), &mut dirs);
        }
        dirs.push(root.clone());
        let crates: Vec<Crate> = dirs.iter().map(|dir| Crate::read(&root, dir)).collect();
        assert!(
            crates.len() > 10,
            "only {} crates found below {}: the test looks in the wrong place",
            crates.len(),
            root.display()
        );
        Self { root, crates }
    }

    /// Every source file with its crate.
    pub fn files(&self) -> impl Iterator<Item = (&Crate, &Source)> {
        self.crates
            .iter()
            .flat_map(|each| each.files.iter().map(move |file| (each, file)))
    }

    /// The files that go into the product: no tests, benches, examples, build scripts, no crates
    /// for tests only.
    pub fn product(&self) -> impl Iterator<Item = (&Crate, &Source)> {
        self.files()
            .filter(|(each, file)| file.module.is_some() && !each.is_for_tests())
    }
}

impl Crate {
    /// Whether nothing but tests, benches and examples may depend on it.
    pub fn is_for_tests(&self) -> bool {
        ["crates/simulate", "crates/nvml-sim", "fuzz"].contains(&&*self.dir)
            || self.dir.starts_with("tests/")
    }

    /// Whether it is a lab, or a part of one.
    pub fn is_lab(&self) -> bool {
        self.lab().is_some()
    }

    /// The name of the lab's folder, if it is a lab or a part of one.
    pub fn lab(&self) -> Option<&str> {
        let labs = ["labs/", "tests/labs/"];
        let below = labs.iter().find_map(|labs| self.dir.strip_prefix(labs))?;
        below.split('/').next()
    }

    fn read(root: &Path, dir: &Path) -> Self {
        let manifest = std::fs::read_to_string(dir.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let depends = |tables: &[&str]| {
            let named = |table: &&str| manifest.get(*table).and_then(|it| it.as_table());
            let tables = tables.iter().filter_map(named);
            tables.flat_map(|table| table.keys().cloned()).collect()
        };
        let is_root = dir == root;
        let relative = relative(root, dir);
        Self {
            name: manifest["package"]["name"].as_str().unwrap().to_owned(),
            dir: if is_root { "src".to_owned() } else { relative },
            depends: depends(&["dependencies", "build-dependencies"]),
            dev_depends: depends(&["dev-dependencies"]),
            files: sources(root, dir, is_root),
            program: dir.join("src/main.rs").exists(),
            left_out: left_out(&manifest),
        }
    }
}

/// The test programs of a manifest that require a feature.
fn left_out(manifest: &toml::Table) -> Vec<String> {
    let tests = manifest.get("test").and_then(|tests| tests.as_array());
    let requires = |test: &&toml::Value| test.get("required-features").is_some();
    let tests = tests.into_iter().flatten().filter(requires);
    tests.map(|test| test["name"].to_string()).collect()
}

/// The folders with a manifest at or below a folder.
fn packages(dir: &Path, found: &mut Vec<PathBuf>) {
    let is_package = dir.join("Cargo.toml").exists();
    if is_package {
        found.push(dir.to_owned());
    }
    for path in entries(dir) {
        // A package may have others below it, such as the protocol of a lab's workers.
        let is_source = is_package && path.ends_with("src");
        if path.is_dir() && !is_source && !path.ends_with("target") {
            packages(&path, found);
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap();
    relative.to_string_lossy().replace('\\', "/")
}

/// The sources of a package: what its roots declare, then whatever else lies in its folder.
fn sources(root: &Path, dir: &Path, is_root: bool) -> Vec<Source> {
    let mut files = BTreeMap::new();
    for name in ["lib", "main"] {
        let path = dir.join(format!("src/{name}.rs"));
        if path.exists() {
            declared(root, &path, vec![name.to_owned()], &mut files);
        }
    }
    let mut beside = Vec::new();
    for path in entries(dir) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let elsewhere = is_root && ["crates", "labs", "fuzz", ".git"].contains(&&*name);
        if !elsewhere && name != "target" {
            all_below(&path, &mut beside);
        }
    }
    for path in beside {
        let relative = relative(root, &path);
        files.entry(relative.clone()).or_insert_with(|| {
            let (text, tree) = parse(&path);
            Source {
                path: relative,
                text,
                tree,
                module: None,
            }
        });
    }
    files.into_values().collect()
}

/// The `.rs` files below a folder that is not a package of its own.
fn all_below(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        if !path.join("Cargo.toml").exists() {
            for path in entries(path) {
                all_below(&path, found);
            }
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

fn parse(path: &Path) -> (String, syn::File) {
    let text = std::fs::read_to_string(path).unwrap();
    match syn::parse_file(&text) {
        Ok(tree) => (text, tree),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Takes in a file and the files that it declares as modules, those for tests excepted.
fn declared(root: &Path, path: &Path, module: Vec<String>, files: &mut BTreeMap<String, Source>) {
    let (text, tree) = parse(path);
    if is_test(&tree.attrs) {
        return;
    }
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let parent = path.parent().unwrap();
    let dir = match &*stem {
        "lib" | "main" | "mod" => parent.to_owned(),
        stem => parent.join(stem),
    };
    let mut children = Children {
        dir,
        parent: parent.to_owned(),
        module: module.clone(),
        found: Vec::new(),
    };
    children.visit_file(&tree);
    let relative = relative(root, path);
    let source = Source {
        path: relative.clone(),
        text,
        tree,
        module: Some(module),
    };
    files.insert(relative, source);
    for (path, module) in children.found {
        declared(root, &path, module, files);
    }
}

/// The modules that a file declares.
struct Children {
    dir: PathBuf,
    parent: PathBuf,
    module: Vec<String>,
    found: Vec<(PathBuf, Vec<String>)>,
}

impl<'ast> Visit<'ast> for Children {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        let name = item.ident.to_string();
        self.module.push(name.clone());
        if item.content.is_some() {
            self.dir.push(&name);
            syn::visit::visit_item_mod(self, item);
            self.dir.pop();
        } else {
            let usual = [
                self.dir.join(format!("{name}.rs")),
                self.dir.join(&name).join("mod.rs"),
            ];
            let given = path_attribute(&item.attrs).map(|path| self.parent.join(path));
            let path = given.into_iter().chain(usual).find(|path| path.exists());
            let path = path.unwrap_or_else(|| panic!("module {:?} has no file", self.module));
            self.found.push((path, self.module.clone()));
        }
        self.module.pop();
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        if !pair.path.is_ident("path") {
            return None;
        }
        string(&pair.value)
    })
}

/// The value of a string literal.
pub fn string(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        syn::Expr::Reference(reference) => string(&reference.expr),
        _ => None,
    }
}

/// Whether attributes say that what they stand on is compiled for tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            let words: Vec<&str> = condition
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            words.contains(&"test") && !words.contains(&"not") && !words.contains(&"any")
        }
        _ => false,
    })
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
