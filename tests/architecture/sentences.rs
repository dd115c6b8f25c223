//! Sentences that the product reads back: text that a program made, compared, searched, split or
//! trimmed to find out a fact.
//!
//! Three kinds are caught. (1) A search for words: `contains`, `starts_with`, `split`,
//! `strip_prefix`, `replace` and their kin with a string literal of two letters or more, or with a
//! constant. (2) Any of them, or `trim` and `lines`, on a value that is called a text: `text`,
//! `message`, `warning`, `reason` and so on. (3) A comparison (`==`, a pattern of `match`,
//! `matches!`) of such a value with a literal, or of any value with a literal of several words. (4)
//! A comparison of a value that is called a kind, a state and so on with a literal: a fact that
//! should be an enum.
//!
//! Reading what a person typed and what other programs write is honest; each such function is
//! listed with its reason.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::visit::Visit;
use syn::{BinOp, Expr, Lit, Pat};

use crate::house::{House, attributes, is_test, string};
use crate::known::Violation;

const SEARCHES: [&str; 26] = [
    "contains",
    "starts_with",
    "ends_with",
    "find",
    "rfind",
    "split",
    "rsplit",
    "splitn",
    "rsplitn",
    "split_once",
    "rsplit_once",
    "split_inclusive",
    "split_terminator",
    "strip_prefix",
    "strip_suffix",
    "trim_matches",
    "trim_start_matches",
    "trim_end_matches",
    "trim_prefix",
    "trim_suffix",
    "replace",
    "replacen",
    "matches",
    "match_indices",
    "rmatches",
    "eq_ignore_ascii_case",
];

const CUTS: [&str; 8] = [
    "trim",
    "trim_start",
    "trim_end",
    "lines",
    "split_whitespace",
    "split_ascii_whitespace",
    "split_at",
    "char_indices",
];

/// What values are called that hold sentences, in the singular.
const TEXTS: [&str; 22] = [
    "text",
    "message",
    "sentence",
    "warning",
    "reason",
    "error",
    "failure",
    "problem",
    "cause",
    "detail",
    "note",
    "caption",
    "headline",
    "description",
    "explanation",
    "diagnosis",
    "finding",
    "notice",
    "wording",
    "phrase",
    "advice",
    "summary",
];

/// What values are called that hold a state, which a string should not.
const STATES: [&str; 14] = [
    "kind",
    "state",
    "phase",
    "stage",
    "doing",
    "status",
    "mode",
    "condition",
    "outcome",
    "word",
    "sort",
    "verdict",
    "level",
    "severity",
];

/// What to do about a finding here.
pub const TO_DO: &str =
    "hand the fact on as a type (an enum, a number, a subject) and make the sentence from it last";

/// Every place of the product that reads a sentence.
pub fn find(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for (_, file) in house.product() {
        let mut reader = Reader {
            path: &file.path,
            functions: Vec::new(),
            findings: &mut findings,
        };
        reader.visit_file(&file.tree);
    }
    findings
}

struct Reader<'a> {
    path: &'a str,
    functions: Vec<String>,
    findings: &'a mut Vec<Violation>,
}

impl Reader<'_> {
    fn found(&mut self, line: usize, what: String) {
        let function = self.functions.last().map_or("-", String::as_str);
        self.findings.push(Violation {
            key: format!("{} {function}", self.path),
            place: format!("{}:{line}", self.path),
            what,
        });
    }

    fn comparison(&mut self, value: Option<String>, with: &str, line: usize) {
        let telling = |name: &str| is_one_of(&TEXTS, name) || is_one_of(&STATES, name);
        if value.as_deref().is_some_and(telling) && !with.is_empty() || is_sentence(with) {
            let value = value.unwrap_or_else(|| "a value".to_owned());
            self.found(line, format!("compares {value} with {with:?}"));
        }
    }

    fn patterns(&mut self, value: Option<&String>, pattern: &Pat) {
        match pattern {
            Pat::Lit(literal) => {
                if let Lit::Str(text) = &literal.lit {
                    let line = text.span().start().line;
                    self.comparison(value.cloned(), &text.value(), line);
                }
            }
            Pat::Or(or) => or.cases.iter().for_each(|case| self.patterns(value, case)),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|it| self.patterns(None, it)),
            Pat::TupleStruct(it) => it.elems.iter().for_each(|it| self.patterns(None, it)),
            _ => {}
        }
    }

    /// What is searched for in a call of a method in the arguments of a macro, where
    /// nothing is parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut last = [const { String::new() }; 2];
        for token in tokens {
            if let TokenTree::Group(group) = &token {
                let method = &last[1];
                let argument = group.stream().into_iter().next();
                let literal = argument.and_then(|it| syn::parse_str::<Lit>(&it.to_string()).ok());
                if last[0] == "."
                    && SEARCHES.contains(&method.as_str())
                    && let Some(Lit::Str(text)) = literal
                    && is_wordy(&text.value())
                {
                    let line = group.span_open().start().line;
                    self.found(
                        line,
                        format!("searches for {:?} by `{method}`", text.value()),
                    );
                }
                self.tokens(group.stream());
            }
            last = [std::mem::take(&mut last[1]), token.to_string()];
        }
    }

    fn inside(&mut self, name: String, read: impl FnOnce(&mut Self)) {
        self.functions.push(name);
        read(self);
        self.functions.pop();
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let name = item.sig.ident.to_string();
        self.inside(name, |this| syn::visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let name = item.sig.ident.to_string();
        self.inside(name, |this| syn::visit::visit_impl_item_fn(this, item));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let method = call.method.to_string();
        let line = call.method.span().start().line;
        let searches = SEARCHES.contains(&method.as_str());
        let receiver = name_of(&call.receiver);
        let argument = call.args.first();
        let literal = argument.and_then(string);
        if searches && literal.as_deref().is_some_and(is_wordy) {
            let text = literal.unwrap_or_default();
            self.found(line, format!("searches for {text:?} by `{method}`"));
        } else if searches && let Some(constant) = argument.and_then(constant) {
            self.found(line, format!("searches for {constant} by `{method}`"));
        } else if (searches || CUTS.contains(&method.as_str()))
            && let Some(receiver) = receiver.filter(|name| is_one_of(&TEXTS, name))
        {
            self.found(line, format!("reads {receiver} by `{method}`"));
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_)) {
            let sides = [(&binary.left, &binary.right), (&binary.right, &binary.left)];
            for (value, literal) in sides {
                if let Some(text) = string(literal) {
                    let line = syn::spanned::Spanned::span(binary).start().line;
                    self.comparison(name_of(value), &text, line);
                }
            }
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_match(&mut self, choice: &'ast syn::ExprMatch) {
        let value = name_of(&choice.expr);
        for arm in &choice.arms {
            self.patterns(value.as_ref(), &arm.pat);
        }
        syn::visit::visit_expr_match(self, choice);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let parts = Matched::parse.parse2(call.tokens.clone());
        if call.path.is_ident("matches")
            && let Ok(Matched { value, pattern }) = parts
        {
            self.patterns(name_of(&value).as_ref(), &pattern);
            self.tokens(call.tokens.clone());
        } else {
            self.tokens(call.tokens.clone());
        }
    }
}

/// What `matches!` is given.
struct Matched {
    value: Expr,
    pattern: Pat,
}

impl Matched {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let value = input.parse()?;
        input.parse::<syn::Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        // A condition may follow.
        input.parse::<TokenStream>()?;
        Ok(Self { value, pattern })
    }
}

/// The last name in an expression that stands for a value: of `self.text.as_str()` it is `text`.
fn name_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => name_of(&field.base),
        },
        Expr::MethodCall(call) => {
            let method = call.method.to_string();
            let same = [
                "as_str",
                "as_ref",
                "as_deref",
                "to_string",
                "clone",
                "trim",
                "to_owned",
            ];
            if same.contains(&method.as_str()) || CUTS.contains(&method.as_str()) {
                name_of(&call.receiver)
            } else {
                Some(method)
            }
        }
        Expr::Call(call) => name_of(&call.func),
        Expr::Reference(inner) => name_of(&inner.expr),
        Expr::Unary(inner) => name_of(&inner.expr),
        Expr::Paren(inner) => name_of(&inner.expr),
        Expr::Try(inner) => name_of(&inner.expr),
        _ => None,
    }
}

/// The name of a constant that stands for a string.
fn constant(expression: &Expr) -> Option<String> {
    let Expr::Path(path) = expression else {
        return None;
    };
    let name = path.path.segments.last()?.ident.to_string();
    let upper = name.len() > 1 && !name.contains(|c: char| c.is_lowercase());
    upper.then_some(name)
}

/// Whether the last word of a value's name is one of these, in the singular or plural.
fn is_one_of(names: &[&str], name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or_default();
    let singular = last.strip_suffix('s').unwrap_or(last);
    names.contains(&last) || names.contains(&singular)
}

/// Whether a literal is made of words, and not of marks.
fn is_wordy(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

/// Whether a literal has several words.
fn is_sentence(text: &str) -> bool {
    text.split_whitespace()
        .filter(|word| is_wordy(word))
        .count()
        >= 2
}

#[test]
fn what_is_caught() {
    let reads = |body: &str| {
        let code = format!("fn reader() {{ {body} }}");
        let tree = syn::parse_str(&code).unwrap();
        let mut findings = Vec::new();
        let mut reader = Reader {
            path: "lib.rs",
            functions: Vec::new(),
            findings: &mut findings,
        };
        reader.visit_file(&tree);
        !findings.is_empty()
    };
    for caught in [
        r#"if error.to_string().contains("in use") {}"#,
        r#"let arm = warnings[0].split_once(" failed: ");"#,
        r"let bare = self.message.trim_end_matches('.');",
        r#"let hash = name.ends_with("SHA-256");"#,
        r#"let gone = matches!(self.word, "death" | "silence");"#,
        r#"match state.as_str() { "running" => 1, _ => 2 };"#,
        r#"if text == "yes" {}"#,
        r#"if key == "two words" {}"#,
        r"if line.contains(LIBRARY_PATH) {}",
        r#"assert!(line.contains("words"));"#,
    ] {
        assert!(reads(caught), "{caught}");
    }
    for honest in [
        r"let cells = line.split(',');",
        r"if workers.contains(&2) {}",
        r#"match name { "mnist" => 1, _ => 2 };"#,
        r#"let at = keys.iter().find(|key| key.0 == "epochs");"#,
        r"let path = path.trim_start();",
    ] {
        assert!(!reads(honest), "{honest}");
    }
}
