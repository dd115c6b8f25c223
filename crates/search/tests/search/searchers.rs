//! Random and grid search.

use std::collections::BTreeSet;

use proptest::prelude::*;
use workbench_search::{
    ConfigValue, Dimension, Domain, GridSearch, RandomSearch, Searcher, SettingError, Space,
    TrialId,
};

/// The share of a domain's random values that are at most a number.
fn share_up_to(domain: &Domain, number: f64) -> f64 {
    match domain {
        Domain::Uniform { low, high } => (number - low) / (high - low),
        Domain::LogUniform { low, high } => (number / low).ln() / (high / low).ln(),
        Domain::Quantised { low, step, .. } => {
            (((number - low) / step).round() + 1.0) / domain.count().unwrap() as f64
        }
        Domain::Integer { low, step, .. } => {
            (((number - *low as f64) / *step as f64).round() + 1.0) / domain.count().unwrap() as f64
        }
        Domain::LogInteger { low, high } => {
            let (low, high) = (*low as f64 - 0.5, *high as f64 + 0.5);
            ((number + 0.5) / low).ln() / (high / low).ln()
        }
        Domain::Choice(values) | Domain::Grid(values) => {
            let value = |value: &ConfigValue| value.as_f64().unwrap();
            let up_to = values.iter().filter(|known| value(known) <= number);
            up_to.count() as f64 / values.len() as f64
        }
        Domain::Fixed(_) => 1.0,
    }
}

/// Kolmogorov and Smirnov's largest distance of the values' distribution from the domain's.
fn distance(domain: &Domain, values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let mut distance = 0.0_f64;
    for group in values.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        let end = values.partition_point(|value| value.total_cmp(&group[0]).is_le());
        distance = distance.max((end as f64 / count - share_up_to(domain, group[0])).abs());
        if domain.count().is_none() {
            let before = (end - group.len()) as f64 / count;
            distance = distance.max((before - share_up_to(domain, group[0])).abs());
        }
    }
    distance
}

#[test]
fn random_search_is_uniform() {
    let domains = [
        "a = uniform(-3, 5)",
        "a = loguniform(1e-6, 10)",
        "a = quniform(0, 1, 0.05)",
        "a = integer(-20, 20)",
        "a = integer(0, 100, 7)",
        "a = loginteger(1, 1000)",
        "a = choice(1, 2, 4, 8, 16)",
        "a = grid(1, 10, 100)",
    ];
    let count = 4000;
    for (seed, text) in domains.into_iter().enumerate() {
        let dimension = Dimension::parse(text).unwrap();
        let domain = dimension.domain.clone();
        let space = Space::new(vec![
            Dimension::parse("z = uniform(0, 1)").unwrap(),
            dimension,
        ]);
        let search = RandomSearch::new(space.unwrap(), seed as u64);
        let of = |trial| search.configuration(TrialId(trial)).number("a").unwrap();
        let mut values: Vec<f64> = (0..count).map(of).collect();
        let distance = distance(&domain, &mut values);
        // p = 0.001; the seeds are fixed.
        assert!(
            distance < 1.95 / (count as f64).sqrt(),
            "{text}: {distance}"
        );
    }
}

#[test]
fn random_values_of_two_parameters_or_trials_do_not_depend() {
    let space = Space::from_toml("a = 'uniform(0,1)'\nb = 'uniform(0,1)'").unwrap();
    let search = RandomSearch::new(space.clone(), 9);
    let next_seed = RandomSearch::new(space, 10);
    let count = 4000;
    let correlation = |of: &dyn Fn(u64) -> (f64, f64)| {
        let products = (0..count).map(|trial| {
            let (one, other) = of(trial);
            (one - 0.5) * (other - 0.5) * 12.0
        });
        products.sum::<f64>() / count as f64
    };
    let number = |search: &RandomSearch, trial, name| {
        let configuration = search.configuration(TrialId(trial));
        configuration.number(name).unwrap()
    };
    let bound = 4.0 / (count as f64).sqrt();
    let pairs = correlation(&|trial| (number(&search, trial, "a"), number(&search, trial, "b")));
    assert!(pairs.abs() < bound, "{pairs}");
    let trials =
        correlation(&|trial| (number(&search, trial, "b"), number(&search, trial + 1, "a")));
    assert!(trials.abs() < bound, "{trials}");
    let seeds = correlation(&|trial| (number(&search, trial, "a"), number(&next_seed, trial, "a")));
    assert!(seeds.abs() < bound, "{seeds}");
}

fn points(grid: &GridSearch) -> Vec<String> {
    let trials = (0..).map(|trial| grid.ask(TrialId(trial)));
    let points = trials.take_while(Option::is_some).flatten();
    points.map(|point| point.to_string()).collect()
}

#[test]
fn a_grid_has_every_combination_once() {
    let space = Space::from_toml(
        "kind = ['tree', 'line', 'none']\ndepth = 'integer(1, 3) if kind = tree'\n\
         leaf = 'grid(1, 5) if depth >= 2'\nslope = 'uniform(0, 1) if kind in (line, tree)'\n\
         seed = 7",
    )
    .unwrap();
    let grid = GridSearch::new(space.clone(), 3, 1).unwrap();
    // tree: (depth 1, or 2 and 3 with 2 leaves each) × 3 slopes; line: 3 slopes; none: 1.
    assert_eq!(grid.points(), 5 * 3 + 3 + 1);
    let seen = points(&grid);
    assert_eq!(seen.len(), 19);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 19);
    for trial in 0..19 {
        space.check(&grid.ask(TrialId(trial)).unwrap()).unwrap();
    }
    assert!(seen.contains(&"kind=tree depth=3 leaf=5 slope=0.5 seed=7".to_owned()));
    let other = points(&GridSearch::new(space, 3, 2).unwrap());
    assert_ne!(other, seen, "another seed, another order");
    assert_eq!(other.iter().collect::<BTreeSet<_>>(), seen.iter().collect());
}

#[test]
fn levels_are_spread_over_the_range() {
    let space = Space::from_toml("a = 'loguniform(1e-4, 1)'").unwrap();
    let levels = |text: &str, levels| {
        let space = Space::from_toml(text).unwrap();
        let mut points = points(&GridSearch::new(space, levels, 1).unwrap());
        points.sort();
        points.join(" ")
    };
    assert_eq!(GridSearch::new(space, 5, 1).unwrap().points(), 5);
    assert_eq!(
        levels("a = 'loguniform(1e-4, 1)'", 5),
        "a=0.0001 a=0.001 a=0.01 a=0.1 a=1.0"
    );
    assert_eq!(levels("a = 'uniform(0, 1)'", 1), "a=0.5");
    assert_eq!(levels("a = 'integer(64, 512)'", 3), "a=288 a=512 a=64");
    assert_eq!(levels("a = 'loginteger(1, 4)'", 3), "a=1 a=2 a=4");
    assert_eq!(levels("a = 'loginteger(1, 3)'", 9), "a=1 a=2 a=3");
    assert_eq!(levels("a = 'quniform(0, 1, 0.1)'", 3), "a=0.0 a=0.5 a=1.0");
}

#[test]
fn a_million_points_are_made_one_at_a_time() {
    let space =
        Space::from_toml("a = 'integer(0, 99)'\nb = 'integer(0, 99)'\nc = 'integer(0, 99)'")
            .unwrap();
    let grid = GridSearch::new(space, 100, 3).unwrap();
    assert_eq!(grid.points(), 1_000_000);
    let asked: BTreeSet<String> = (0..1000)
        .map(|trial| grid.ask(TrialId(trial)).unwrap().to_string())
        .collect();
    assert_eq!(asked.len(), 1000);
    // A search that ends early has seen nearly all values of every parameter.
    for name in ["a", "b", "c"] {
        let value = |trial| grid.ask(TrialId(trial)).unwrap().integer(name).unwrap();
        let values: BTreeSet<i64> = (0..1000).map(value).collect();
        assert!(values.len() > 95, "{name}: {}", values.len());
    }
    assert!(grid.ask(TrialId(999_999)).is_some());
    assert!(grid.ask(TrialId(1_000_000)).is_none());
    assert!(!grid.has(TrialId(u64::MAX)));
}

#[test]
fn a_grid_that_cannot_be_counted_is_refused() {
    let one = |at| Dimension::parse(&format!("a{at} = uniform(0,1)")).unwrap();
    let space = Space::new((0..10).map(one).collect()).unwrap();
    let refused = |levels| GridSearch::new(space.clone(), levels, 1).unwrap_err();
    assert_eq!(refused(100), SettingError::GridTooLarge);
    assert!(matches!(refused(0), SettingError::Positive { .. }));
    assert_eq!(
        GridSearch::new(space, 10, 1).unwrap().points(),
        10_000_000_000
    );
}

proptest! {
    #[test]
    fn any_order_is_a_permutation(a in 1_u64..9, b in 1_u64..9, c in 1_u64..9, seed: u64) {
        let listed = |count: u64| {
            let values: Vec<String> = (0..count).map(|value| value.to_string()).collect();
            values.join(",")
        };
        let text = format!(
            "a = [{}]\nb = [{}]\nc = 'choice({}) if a = 0'", listed(a), listed(b), listed(c),
        );
        let grid = GridSearch::new(Space::from_toml(&text).unwrap(), 3, seed).unwrap();
        prop_assert_eq!(grid.points(), b * (c + a - 1));
        let seen = points(&grid);
        prop_assert_eq!(seen.len() as u64, grid.points());
        prop_assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    }
}
