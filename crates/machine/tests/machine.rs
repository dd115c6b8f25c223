//! The probe, the sampler and the monitor on the machine that runs the tests.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;

use workbench_clock::{Clock, process_cpu_ns};
use workbench_machine::monitor::{Monitor, Sample, Sampler, Tick};
use workbench_machine::{BuildFacts, FindingState, MachineFacts, check, usable_cores};

#[test]
fn this_machine_describes_itself() {
    let facts = MachineFacts::probe();
    assert!(!facts.cpu_model.is_empty());
    assert!(facts.cores_logical >= 1);
    assert!(facts.cores_usable > 0.0 && facts.cores_usable <= f64::from(facts.cores_logical));
    assert!(!facts.cores_limit.is_empty());
    assert!(facts.memory_bytes > 1 << 20);
    assert!(!facts.os.is_empty() && !facts.kernel.is_empty());
    let usable = usable_cores();
    assert_eq!(
        (usable.cores, usable.limit),
        (facts.cores_usable, facts.cores_limit)
    );
}

#[test]
fn how_the_program_was_built_is_the_program_s_to_say() {
    let build = BuildFacts {
        compiler: "rustc 1.91.0",
        profile: "release",
        version: "0.1.0",
        commit: Some("72b97d4"),
    };
    let bare = MachineFacts::probe();
    assert_eq!(bare.workbench_version, "");
    let facts = bare.clone().built(&build);
    assert_eq!(facts.compiler, "rustc 1.91.0");
    assert_eq!(facts.build_profile, "release");
    assert_eq!(facts.workbench_version, "0.1.0");
    assert_eq!(facts.workbench_commit.as_deref(), Some("72b97d4"));
    assert_eq!(
        facts.built(&BuildFacts::default()),
        bare.built(&BuildFacts::default())
    );
}

#[test]
fn facts_survive_the_record() {
    let facts = MachineFacts::probe();
    let text = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<MachineFacts>(&text).unwrap(), facts);
}

#[test]
fn findings_are_sentences_and_a_missing_thing_has_a_remedy() {
    let findings = check();
    for what in ["cores", "memory", "GPU driver"] {
        assert_eq!(
            findings
                .iter()
                .filter(|finding| finding.what == what)
                .count(),
            1,
            "{what}"
        );
    }
    for finding in findings {
        for sentence in [Some(&finding.detail), finding.remedy.as_ref()]
            .into_iter()
            .flatten()
        {
            assert!(sentence.ends_with('.'), "{sentence}");
            assert!(
                sentence.starts_with(|first: char| first.is_uppercase() || first.is_ascii_digit()),
                "{sentence}"
            );
        }
        if finding.state == FindingState::Missing && finding.what.starts_with("GPU") {
            assert!(finding.remedy.is_some(), "{finding:?}");
        }
    }
}

fn assert_plausible(sample: &Sample) {
    assert_eq!(
        sample.cores.len(),
        MachineFacts::probe().cores_logical as usize
    );
    assert!(
        sample.cores.iter().all(|share| (0.0..=1.0).contains(share)),
        "{sample:?}"
    );
    assert!(sample.steal.is_empty() || sample.steal.len() == sample.cores.len());
    assert!(
        sample.steal.iter().all(|share| (0.0..=1.0).contains(share)),
        "{sample:?}"
    );
    assert!(sample.mhz.is_empty() || sample.mhz.len() == sample.cores.len());
    assert!(sample.process_cores >= 0.0 && sample.process_cores.is_finite());
    assert!(sample.rss_bytes > 1 << 16);
}

#[test]
fn the_first_sample_makes_sense_already() {
    assert_plausible(&Sampler::new().sample());
}

/// Works until the whole process has used that much more CPU time.
fn burn(cpu_ns: u64) {
    let until = process_cpu_ns() + cpu_ns;
    while process_cpu_ns() < until {
        black_box((0..1000_u64).map(black_box).sum::<u64>());
    }
}

#[test]
fn work_shows_in_the_sample() {
    // A machine that is busy with other things may give this process little; some look among
    // many is undisturbed.
    let mut sampler = Sampler::new();
    let undisturbed = (0..200).any(|_| {
        burn(50_000_000);
        let sample = sampler.sample();
        assert_plausible(&sample);
        let busiest = sample.cores.iter().copied().fold(0.0, f32::max);
        sample.process_cores > 0.5 && busiest > 0.5
    });
    assert!(undisturbed);
}

#[test]
fn shares_are_short_in_the_log() {
    let mut sampler = Sampler::new();
    burn(30_000_000);
    let sample = sampler.sample();
    for share in sample
        .cores
        .iter()
        .chain(&sample.steal)
        .chain([&sample.process_cores])
    {
        let text = serde_json::to_string(share).unwrap();
        assert!(
            text.split_once('.')
                .is_none_or(|(_, decimals)| decimals.len() <= 3),
            "{text}"
        );
    }
}

#[test]
fn a_monitor_ticks_until_it_is_stopped_and_once_more() {
    let (sender, ticks) = mpsc::channel();
    let clock = Clock::start_at(1_000_000_000);
    let monitor = Monitor::start(clock, 100.0, move |mut tick: Tick<'_>| {
        assert_eq!(thread::current().name(), Some("workbench-monitor"));
        let seen = (tick.t_ns, tick.last, tick.sample());
        sender.send(seen).unwrap();
    })
    .unwrap();
    let mut seen: Vec<(u64, bool, Sample)> = ticks.iter().take(5).collect();
    let running_ns = monitor.cpu_ns();
    let asked_ns = clock.now_ns();
    let total_ns = monitor.stop();
    seen.extend(ticks.iter());

    assert!(running_ns > 0 && total_ns > running_ns);
    assert!(seen.last().unwrap().0 >= asked_ns);
    assert!(seen[0].0 > 1_000_000_000);
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let last: Vec<usize> = (0..seen.len()).filter(|at| seen[*at].1).collect();
    assert_eq!(last, [seen.len() - 1]);
    for (_, _, sample) in &seen {
        assert_plausible(sample);
    }
}

#[test]
fn stopping_does_not_wait_for_the_next_tick() {
    // The first regular tick is due after a quarter of an hour.
    for drop_it in [false, true] {
        let (sender, ticks) = mpsc::channel();
        let monitor = Monitor::start(Clock::start(), 0.001, move |tick| {
            sender.send(tick.t_ns).unwrap();
        })
        .unwrap();
        if drop_it {
            drop(monitor);
        } else {
            assert!(monitor.stop() > 0);
        }
        assert_eq!(ticks.iter().count(), 1);
    }
}

#[test]
fn the_callback_counts_as_cost() {
    const WORK_NS: u64 = 20_000_000;
    let (sender, ticks) = mpsc::channel();
    let monitor = Monitor::start(Clock::start(), 0.001, move |_| {
        let before = workbench_clock::thread_cpu_ns();
        while workbench_clock::thread_cpu_ns() < before + WORK_NS {}
        sender.send(()).unwrap();
    })
    .unwrap();
    assert!(monitor.stop() >= WORK_NS);
    assert_eq!(ticks.iter().count(), 1);
}

#[test]
fn a_callback_that_panics_ends_the_samples_and_nothing_else() {
    let monitor = Monitor::start(Clock::start(), 0.001, |_| panic!("on purpose")).unwrap();
    monitor.stop();
}

#[test]
fn an_impossible_rate_is_refused() {
    for hz in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 1e9] {
        let refused = Monitor::start(Clock::start(), hz, |_| {}).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
        assert!(
            refused
                .to_string()
                .contains("give a rate from 0.001 to 1000")
        );
    }
}
