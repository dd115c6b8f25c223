//! One meaning per name: types of different crates or modules that have the same name.

use std::collections::BTreeMap;

use syn::visit::Visit;
use syn::{Item, Visibility};

use crate::house::{House, attributes, is_test};
use crate::known::Violation;

/// What to do about a finding here.
pub const TO_DO: &str = "name the types after what each is, or make one of them";

/// Every name that stands for more than one type that others can see.
pub fn find(house: &House) -> Vec<Violation> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, file) in house.product() {
        let mut reader = Types(Vec::new());
        reader.visit_file(&file.tree);
        for (name, line) in reader.0 {
            types
                .entry(name)
                .or_default()
                .push(format!("{}:{line}", file.path));
        }
    }
    let doubled = types.into_iter().filter(|(_, places)| places.len() > 1);
    doubled
        .map(|(name, places)| Violation {
            place: places[0].clone(),
            what: format!(
                "`{name}` stands for {} types: {}",
                places.len(),
                places.join(", ")
            ),
            key: name,
        })
        .collect()
}

struct Types(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Types {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        let (name, visibility) = match item {
            Item::Enum(item) => (&item.ident, &item.vis),
            Item::Struct(item) => (&item.ident, &item.vis),
            Item::Trait(item) => (&item.ident, &item.vis),
            Item::Type(item) => (&item.ident, &item.vis),
            Item::Union(item) => (&item.ident, &item.vis),
            Item::Mod(_) => return syn::visit::visit_item(self, item),
            _ => return,
        };
        if !matches!(visibility, Visibility::Inherited) {
            self.0.push((name.to_string(), name.span().start().line));
        }
    }
}
