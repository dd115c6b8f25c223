//! Spaces: what they read, what they refuse and where, and what they write again.

use proptest::prelude::*;
use workbench_search::{
    ConfigValue, Configuration, Dimension, Domain, RandomSearch, Space, SpaceProblem, TrialId,
};

#[test]
fn the_short_text_has_every_domain() {
    let cases = [
        ("lr=uniform(0,1)", "lr = uniform(0.0, 1.0)"),
        ("lr=loguniform(1e-4,1e-1)", "lr = loguniform(0.0001, 0.1)"),
        ("d = quniform(0, .5, 0.1)", "d = quniform(0.0, 0.5, 0.1)"),
        ("n=int(1,9)", "n = integer(1, 9)"),
        ("n=integer(-5, 9, 2)", "n = integer(-5, 9, 2)"),
        ("n=loginteger(1, 1024)", "n = loginteger(1, 1024)"),
        ("batch=choice(16,32, 64)", "batch = choice(16, 32, 64)"),
        (
            "a=choice(relu, \"a b\", \"1\")",
            "a = choice(relu, \"a b\", \"1\")",
        ),
        ("lr=grid(1e-3, 1e+2)", "lr = grid(0.001, 100.0)"),
        ("m=0.9", "m = 0.9"),
        ("m=fixed(word)", "m = word"),
        (
            "m=uniform(0,1) if o==sgd",
            "m = uniform(0.0, 1.0) if o = sgd",
        ),
        ("m=1 if o in (sgd,\"x y\")", "m = 1 if o in (sgd, \"x y\")"),
        (
            "w=int(1,8) if layers >= 2",
            "w = integer(1, 8) if layers >= 2.0",
        ),
        (
            "w=int(1,8) if layers<=2",
            "w = integer(1, 8) if layers <= 2.0",
        ),
    ];
    for (text, written) in cases {
        let dimension = Dimension::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(dimension.to_string(), written);
        assert_eq!(Dimension::parse(written).unwrap(), dimension);
    }
}

#[test]
fn a_mistake_in_the_short_text_has_its_place() {
    let cases = [
        ("", 1, "expected the name of a parameter, found the end"),
        ("lr", 3, "expected `=` and the values, found the end"),
        ("=1", 1, "expected the name of a parameter, found `=`"),
        ("if=1", 1, "a name has letters"),
        ("lr=", 4, "expected a value, found the end"),
        ("lr=uniform(0,1", 15, "expected `,` or `)`, found the end"),
        ("lr=uniform(0 1)", 14, "expected `,` or `)`, found `1`"),
        ("lr=uniform(0,)", 14, "expected a value, found `)`"),
        (
            "lr=uniform(1)",
            4,
            "`uniform` takes a lower and an upper bound, not 1 arguments",
        ),
        ("lr=uniform(2,1)", 12, "the lower bound has to be below"),
        ("lr=uniform(0,nan)", 14, "expected a number, found `nan`"),
        ("lr=uniform(0,1e999)", 14, "values are finite numbers"),
        ("lr=loguniform(0,1)", 15, "begin above 0, not at 0"),
        ("lr=logunifrom(0,1)", 4, "did you mean `loguniform`?"),
        (
            "n=integer(1.5,3)",
            11,
            "expected a whole number, found `1.5`",
        ),
        ("n=integer(1,3,5)", 11, "a step has to be above 0 and fit"),
        ("n=quniform(0,1,0)", 12, "a step has to be above 0 and fit"),
        ("n=choice()", 3, "at least one value"),
        ("n=choice(1,2,1.0)", 10, "the value 1.0 is there twice"),
        (
            "ü=choice(a,b) when x",
            15,
            "expected `if` and a condition, or the end, found `w`",
        ),
        (
            "m=1 if o",
            9,
            "expected `=`, `in (…)`, `>=` or `<=`, found the end",
        ),
        ("m=1 if o > 2", 12, "conditions are =, in, >= and <="),
        ("m=1 if o in ()", 10, "at least one value"),
        ("m=1 if o=a b", 12, "expected the end, found `b`"),
        ("m=\"a", 5, "expected a closing quote, found the end"),
        ("m=choice(\"a\u{1b}\")", 12, "without control characters"),
    ];
    for (text, column, says) in cases {
        let error = Dimension::parse(text).unwrap_err();
        let place = error.place.unwrap();
        assert_eq!((place.line, place.column), (1, column), "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

#[test]
fn a_mistake_in_a_document_has_line_and_column() {
    let cases = [
        ("", 1, 1, "no parameter"),
        ("lr = [", 1, 7, "not TOML"),
        ("a = 1\nlr = 'uniform(1,0)'", 2, 15, "the lower bound"),
        (
            "a = 1\nlr = \"\\u0075niform(1,0)\"",
            2,
            6,
            "the lower bound",
        ),
        ("a = 1\n\nb = 1979-05-27", 3, 5, "found a date"),
        ("a = 1\nb = [[1]]", 2, 6, "found a list in a list"),
        ("a = [1, 1]", 1, 5, "there twice"),
        ("a = []", 1, 5, "at least one value"),
        ("a = inf", 1, 5, "finite"),
        ("a = 99999999999999999999", 1, 5, "beyond 64 bits"),
        ("[a]\nb = 1", 1, 1, "found a table"),
        ("sgd = 1\nm = '1 if sdg = 1'", 2, 1, "did you mean `sgd`?"),
        ("o = ['sgd']\nm = '1 if o = adam'", 2, 1, "never has"),
        ("o = ['sgd']\nm = '1 if o >= 1'", 2, 1, "never has"),
        (
            "a = '1 if b = 1'\nb = '1 if a = 1'",
            1,
            1,
            "depends on the parameter itself",
        ),
        ("a = '1 if a = 1'", 1, 1, "depends on the parameter itself"),
        ("'a b' = 1", 1, 1, "a name has letters"),
    ];
    for (text, line, column, says) in cases {
        let error = Space::from_toml(text).unwrap_err();
        let place = error.place.unwrap();
        assert_eq!(
            (place.line, place.column),
            (line, column),
            "{text}: {error}"
        );
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

#[test]
fn conditions_hold_and_nest() {
    let space = Space::from_toml(
        "deep = 'integer(1, 4) if kind = tree'\nmore = 'uniform(0,1) if deep >= 3'\n\
         kind = ['tree', 'line', 'none']\nslope = 'uniform(0,1) if kind in (line, none)'",
    )
    .unwrap();
    let names = space.dimensions().iter().map(|dimension| &*dimension.name);
    assert_eq!(names.collect::<Vec<_>>(), ["kind", "slope", "deep", "more"]);
    let search = RandomSearch::new(space.clone(), 1);
    let mut seen = std::collections::BTreeSet::new();
    for trial in 0..200 {
        let one = search.configuration(TrialId(trial));
        space.check(&one).unwrap();
        let names: Vec<&str> = one.iter().map(|(name, _)| name).collect();
        seen.insert(names.join(" "));
        let deep = one.integer("deep").is_some_and(|deep| deep >= 3);
        assert_eq!(one.get("more").is_some(), deep, "{one}");
    }
    let all = ["kind deep", "kind deep more", "kind slope"];
    assert!(seen.iter().eq(all.iter()), "{seen:?}");
}

#[test]
fn a_configuration_is_checked() {
    let space = Space::from_toml("a = 'uniform(0,1)'\nk = ['x','y']\nb = 'integer(1,3) if k = x'");
    let space = space.unwrap();
    let of = |text: &str| serde_json::from_str::<Configuration>(text).unwrap();
    space.check(&of(r#"{"a": 0.5, "k": "x", "b": 2}"#)).unwrap();
    space.check(&of(r#"{"k": "y", "a": 1}"#)).unwrap();
    let problem = |text: &str| space.check(&of(text)).unwrap_err().problem;
    assert_eq!(problem(r#"{"k": "y"}"#), SpaceProblem::Missing);
    assert_eq!(problem(r#"{"a": 1, "k": "x"}"#), SpaceProblem::Missing);
    let outside = problem(r#"{"a": 1.5, "k": "x", "b": 1}"#);
    assert_eq!(outside, SpaceProblem::Outside(ConfigValue::Float(1.5)));
    assert_eq!(
        problem(r#"{"a": 1, "k": "y", "b": 1}"#),
        SpaceProblem::Inactive
    );
    assert_eq!(
        problem(r#"{"a": 1, "k": "y", "z": 1}"#),
        SpaceProblem::Unknown
    );
}

#[test]
fn a_space_takes_a_parameter_in() {
    let space = Space::from_toml("a = 1\nb = 2").unwrap();
    let space = space
        .with(Dimension::parse("a=uniform(0,1)").unwrap())
        .unwrap();
    let space = space.with(Dimension::parse("c=3").unwrap()).unwrap();
    assert_eq!(space.to_string(), "a = uniform(0.0, 1.0)\nb = 2\nc = 3\n");
    let json = serde_json::to_string(&space).unwrap();
    assert_eq!(serde_json::from_str::<Space>(&json).unwrap(), space);
}

#[test]
fn quantised_values_are_multiples_and_tidy() {
    let Domain::Quantised { .. } = Dimension::parse("a=quniform(0,1,0.1)").unwrap().domain else {
        panic!("quantised");
    };
    let space = Space::from_toml("a = 'quniform(0, 1, 0.1)'").unwrap();
    let search = RandomSearch::new(space.clone(), 1);
    let mut seen = std::collections::BTreeSet::new();
    for trial in 0..500 {
        let one = search.configuration(TrialId(trial));
        space.check(&one).unwrap();
        seen.insert(one.to_string());
    }
    assert_eq!(seen.len(), 11);
    assert!(seen.contains("a=0.3"), "{seen:?}");
}

/// The seeds of the fuzz target `space`, named after what they are.
#[test]
fn the_corpus_is_read_or_refused() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/space");
    let mut seen = 0;
    for file in std::fs::read_dir(corpus).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let read = match path.extension().and_then(|end| end.to_str()) {
            Some("txt") => Dimension::parse(&text).map(drop),
            Some("toml") => Space::from_toml(&text).map(drop),
            Some("json") => {
                serde_json::from_str::<Configuration>(&text).unwrap();
                Ok(())
            }
            // Inputs that a fuzz run found.
            _ => continue,
        };
        assert_eq!(read.is_ok(), name.starts_with("good_"), "{name}: {read:?}");
        seen += 1;
    }
    assert!(seen >= 13);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in "\\PC{0,40}") {
        match Dimension::parse(&text) {
            Ok(dimension) => {
                let again = Dimension::parse(&dimension.to_string());
                prop_assert_eq!(again.unwrap(), dimension);
            }
            Err(error) => {
                let place = error.place.unwrap();
                prop_assert!(place.column <= text.chars().count() + 1);
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }

    #[test]
    fn texts_like_parameters_are_read_or_refused(
        text in "(a|b)? ?=? ?(uniform|integer|choice|grid|loginteger|quniform|x)?[(]?\
            (-?[0-9]{1,3}(e[0-9])?[,) ]{0,2}){0,4}( if c (=|>=|in [(]) ?[a1,)]{0,4})?"
    ) {
        if let Ok(dimension) = Dimension::parse(&text) {
            let again = Dimension::parse(&dimension.to_string());
            prop_assert_eq!(again.unwrap(), dimension);
        }
    }

    #[test]
    fn random_values_are_in_their_domains(
        low in -1000_i64..1000,
        span in 1_i64..2000,
        step in 1_i64..50,
        seed: u64,
    ) {
        let high = low + span;
        let step = step.min(span);
        let text = format!(
            "a = 'integer({low},{high},{step})'\nb = 'loginteger({},{})'\n\
             c = 'uniform({low},{high})'\nd = 'quniform({low},{high},{})'",
            low.abs() + 1, low.abs() + 1 + span, step as f64 / 8.0,
        );
        let space = Space::from_toml(&text).unwrap();
        let search = RandomSearch::new(space.clone(), seed);
        for trial in 0..20 {
            let one = search.configuration(TrialId(trial));
            prop_assert!(space.check(&one).is_ok(), "{} {}", one, text);
        }
    }
}
