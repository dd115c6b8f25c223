//! What seeds give, to the last bit: the same on every machine. Where this changes, records of
//! searches with TPE no longer follow from their seeds ([`Replay::Everything`]).
//!
//! [`Replay::Everything`]: workbench_search::Replay::Everything

use workbench_search::{
    Configuration, FiniteLoss, GridSearch, Perturb, RandomSearch, Searcher, Space, Tpe, TrialId,
};

const SPACE: &str = "lr = 'loguniform(1e-5, 1)'\nunits = 'loginteger(8, 512)'\n\
    dropout = 'quniform(0, 0.5, 0.05)'\ndepth = 'integer(1, 8)'\nkind = ['a', 'b', 'c']\n\
    size = 'grid(16, 32, 64)'\nmomentum = 'uniform(0, 1) if kind = a'";

/// A loss of sums and products alone, which are the same everywhere.
fn loss(of: &Configuration) -> FiniteLoss {
    let number = |name| of.number(name).unwrap_or(0.3);
    let kind = if of.text("kind") == Some("a") {
        0.0
    } else {
        1.0
    };
    let parts = [
        number("lr") - 0.1,
        number("units") / 512.0 - 0.5,
        number("dropout") - 0.2,
        number("depth") / 8.0 - 0.5,
        number("size") / 64.0 - 0.5,
        number("momentum") - 0.9,
    ];
    FiniteLoss::new(parts.iter().map(|part| part * part).sum::<f64>() + kind).unwrap()
}

fn after(mut tpe: Tpe, trials: u64) -> String {
    for number in 0..trials {
        let trial = TrialId(number);
        let configuration = tpe.ask(trial).unwrap();
        tpe.started(trial, &configuration);
        tpe.told(trial, 1, loss(&configuration));
    }
    tpe.ask(TrialId(trials)).unwrap().to_string()
}

#[test]
fn seeds_give_the_same_everywhere() {
    let space = Space::from_toml(SPACE).unwrap();
    let random = RandomSearch::new(space.clone(), 1);
    let first = random.configuration(TrialId(0));
    let given = [
        first.to_string(),
        random.configuration(TrialId(9999)).to_string(),
        Perturb::default()
            .configuration(&space, &first, 1, TrialId(1))
            .to_string(),
        GridSearch::new(space.clone(), 3, 1)
            .unwrap()
            .ask(TrialId(5))
            .unwrap()
            .to_string(),
        after(Tpe::new(space.clone(), 1), 60),
        after(Tpe::new(space, 1).independent(), 60),
    ];
    let known = [
        "lr=0.0010290306684154027 units=11 dropout=0.3 depth=2 kind=a size=64 \
         momentum=0.46108817320691575",
        "lr=0.00010350685616571221 units=495 dropout=0.1 depth=7 kind=c size=16",
        "lr=0.0008232245347323222 units=21 dropout=0.35 depth=1 kind=a size=32 \
         momentum=0.533247716613405",
        "lr=0.00316227766016838 units=64 dropout=0.5 depth=1 kind=a size=16 momentum=0.5",
        "lr=0.036116037618901975 units=154 dropout=0.2 depth=5 kind=a size=32 \
         momentum=0.9915625965665149",
        "lr=0.0027147785242337165 units=182 dropout=0.15 depth=6 kind=a size=32 \
         momentum=0.7293378587226301",
    ];
    assert_eq!(given, known);
}
