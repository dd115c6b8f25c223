//! Numbers that are written can be read back: serde_json writes `null` for a number that is not
//! finite, and nothing reads that as a number.

use syn::visit::Visit;
use syn::{Attribute, Field, Ident, Item, Type};

use crate::house::{House, attributes, is_test};
use crate::known::Violation;

/// What to do about a finding here.
pub const TO_DO: &str =
    "write `#[serde(with = \"Floats::<…>\")]` above the field (crate workbench-json)";

/// Every floating-point field that is written and may not be read back.
pub fn find(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for (_, file) in house.product() {
        let mut reader = Written(Vec::new());
        reader.visit_file(&file.tree);
        findings.extend(reader.0.into_iter().map(|(name, line)| Violation {
            place: format!("{}:{line}", file.path),
            what: format!("a number of `{name}` becomes null where it is not finite"),
            key: format!("{} {name}", file.path),
        }));
    }
    findings
}

struct Written(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Written {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        match item {
            Item::Struct(item) if is_written(&item.attrs) => {
                self.fields(&item.ident, item.fields.iter());
            }
            Item::Enum(item) if is_written(&item.attrs) => {
                let fields = item.variants.iter().flat_map(|variant| &variant.fields);
                self.fields(&item.ident, fields);
            }
            Item::Mod(_) => syn::visit::visit_item(self, item),
            _ => {}
        }
    }
}

impl Written {
    fn fields<'a>(&mut self, name: &Ident, fields: impl Iterator<Item = &'a Field>) {
        for field in fields {
            let is_safe = field
                .attrs
                .iter()
                .any(|attribute| holds(attribute, "Floats"));
            if has_float(&field.ty) && !is_safe {
                self.0.push((name.to_string(), name.span().start().line));
            }
        }
    }
}

fn is_written(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attribute| holds(attribute, "Serialize"))
}

/// Whether an attribute speaks of a word: `derive(…, Serialize)`.
fn holds(attribute: &Attribute, word: &str) -> bool {
    let list = attribute.meta.require_list();
    list.is_ok_and(|list| list.tokens.to_string().contains(word))
}

fn has_float(of: &Type) -> bool {
    struct Float(bool);
    impl<'ast> Visit<'ast> for Float {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.0 |= ident == "f64" || ident == "f32";
        }
    }
    let mut float = Float(false);
    float.visit_type(of);
    float.0
}
