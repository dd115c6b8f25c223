//! What is put around another implementation of a trait hands on every method. A method with a
//! body in the trait compiles without that, and then answers for nobody.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;
use syn::{Expr, ExprMethodCall, ImplItem, ItemImpl, ItemTrait, Member, TraitItem};

use crate::house::House;
use crate::known::Violation;

/// What to do about a finding here.
pub const TO_DO: &str = "hand the method on to what is inside";

/// Every method that a wrapper does not have.
pub fn find(house: &House) -> Vec<Violation> {
    let mut traits = Traits::default();
    for (_, file) in house.product() {
        traits.visit_file(&file.tree);
    }
    let mut findings = Vec::new();
    for (_, file) in house.product() {
        let mut reader = Wrappers(Vec::new());
        reader.visit_file(&file.tree);
        for (of, methods, line) in reader.0 {
            let all = traits.0.get(&of).into_iter().flatten();
            for missing in all.filter(|method| !methods.contains(*method)) {
                findings.push(Violation {
                    key: format!("{} {missing}", file.path),
                    place: format!("{}:{line}", file.path),
                    what: format!("a wrapper of `{of}` does not hand `{missing}` on"),
                });
            }
        }
    }
    findings
}

/// How many wrappers were seen.
pub fn count(house: &House) -> usize {
    let seen = house.product().map(|(_, file)| {
        let mut reader = Wrappers(Vec::new());
        reader.visit_file(&file.tree);
        reader.0.len()
    });
    seen.sum()
}

/// The methods of every trait.
#[derive(Default)]
struct Traits(BTreeMap<String, BTreeSet<String>>);

impl<'ast> Visit<'ast> for Traits {
    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let methods = item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        });
        self.0.insert(item.ident.to_string(), methods.collect());
    }
}

/// The trait, the methods and the line of every wrapper.
struct Wrappers(Vec<(String, BTreeSet<String>, usize)>);

impl<'ast> Visit<'ast> for Wrappers {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let Some((.., path, _)) = &item.trait_ else {
            return;
        };
        let Some(of) = path.segments.last() else {
            return;
        };
        let methods: Vec<_> = item
            .items
            .iter()
            .filter_map(|item| match item {
                ImplItem::Fn(method) => Some(method),
                _ => None,
            })
            .collect();
        let handed_on = methods.iter().filter(|method| {
            let mut calls = Calls {
                of: method.sig.ident.to_string(),
                seen: false,
            };
            calls.visit_block(&method.block);
            calls.seen
        });
        // What hands most methods on under their own names is a wrapper.
        if handed_on.count() * 2 > methods.len() && methods.len() > 3 {
            let names = methods.iter().map(|method| method.sig.ident.to_string());
            let line = of.ident.span().start().line;
            self.0.push((of.ident.to_string(), names.collect(), line));
        }
    }
}

/// Whether a method of a field of `self` is called by this name.
struct Calls {
    of: String,
    seen: bool,
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if let Expr::Field(field) = &*call.receiver
            && let (Expr::Path(base), Member::Named(_)) = (&*field.base, &field.member)
            && base.path.is_ident("self")
        {
            self.seen |= call.method == self.of;
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}
