//! The page with which every crate opens: what it is for, what it may use, what must not go in.

use crate::house::{Crate, House, Source};
use crate::known::Violation;

/// How the three points of the page begin.
const POINTS: [&str; 3] = ["Belongs here:", "May use:", "Does not belong here:"];

/// What to do about a finding here.
pub const TO_DO: &str = "open the crate's `lib.rs` with a sentence that says what it is for and the points `Belongs here:`, \
    `May use:` (every crate of this tree that it depends on, by its short name) and `Does not belong here:`";

/// Every crate without such a page.
pub fn find(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for each in house
        .crates
        .iter()
        .filter(|each| !each.dir.starts_with("tests/"))
    {
        let root = each.files.iter().find(|file| {
            let module = file.module.as_deref().unwrap_or_default();
            module == ["lib"] || (module == ["main"] && each.program)
        });
        let Some(root) = root else { continue };
        let page = page(house, root);
        let mut missing: Vec<String> = POINTS
            .iter()
            .filter(|point| !page.contains(**point))
            .map(|point| format!("no `{point}`"))
            .collect();
        missing.extend(unnamed(house, each, &page));
        if !missing.is_empty() {
            findings.push(Violation {
                key: each.dir.clone(),
                place: format!("{}:1", root.path),
                what: format!("the crate's page has {}", missing.join(", ")),
            });
        }
    }
    findings
}

/// The crates of this tree that a crate uses and does not name among those that it may.
fn unnamed(house: &House, each: &Crate, page: &str) -> Vec<String> {
    let allowed = page.split(POINTS[1]).nth(1).unwrap_or_default();
    let allowed = allowed.split(POINTS[2]).next().unwrap_or_default();
    let used = house
        .crates
        .iter()
        .filter(|other| each.depends.contains(&other.name));
    used.filter_map(|other| other.dir.rsplit('/').next())
        .filter(|name| !allowed.contains(&format!("`{name}`")) && !allowed.contains("every"))
        .map(|name| format!("no `{name}` under `{}`", POINTS[1]))
        .collect()
}

/// The documentation of a file, included texts too.
fn page(house: &House, file: &Source) -> String {
    let mut page = String::new();
    for attribute in &file.tree.attrs {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            continue;
        };
        match &pair.value {
            _ if !pair.path.is_ident("doc") => continue,
            syn::Expr::Macro(include) => {
                let name = include.mac.tokens.to_string();
                let path = house.root.join(&file.path);
                let path = path.with_file_name(name.trim_matches('"'));
                page += &std::fs::read_to_string(path).unwrap_or_default();
            }
            value => page += &crate::house::string(value).unwrap_or_default(),
        }
        page.push('\n');
    }
    page
}
