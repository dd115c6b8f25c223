//! Workers that behave.

use std::time::Duration;

use workbench_clock::Clock;
use workbench_workers::protocol::{FromWorker, Stage};
use workbench_workers::{By, Condition, Crew, Ended, News, ProcessState, diagnose};

use crate::Test;
use crate::link::{LONG, Link, end_of, launches, to_the_end, until};
use crate::roles::{CHATTER, SHOUTS, STEPS};

pub const TESTS: &[Test] = &[
    ("eight_workers_at_once", eight_workers_at_once),
    ("stopping_in_order", stopping_in_order),
    ("printed_lines_give_way", printed_lines_give_way),
    ("no_message_is_lost", no_message_is_lost),
    ("usage_counts_the_workers", usage_counts_the_workers),
    ("waiting_for_news_that_do_not_come", waiting_for_news),
];

fn messages(all: &[News], of: u32) -> Vec<&FromWorker> {
    all.iter()
        .filter_map(|news| match news {
            News::Message { rank, message, .. } if *rank == of => Some(message),
            _ => None,
        })
        .filter(|message| !matches!(message, FromWorker::Beat { .. }))
        .collect()
}

fn steps(messages: &[&FromWorker]) -> Vec<u64> {
    messages
        .iter()
        .filter_map(|message| match message {
            FromWorker::Step(report) => Some(report.step),
            _ => None,
        })
        .collect()
}

fn eight_workers_at_once() {
    let crew = Crew::start(launches(&["train"; 8], None), Clock::start()).unwrap();
    assert_eq!(crew.world_size(), 8);
    let all = to_the_end(&crew);
    for rank in 0..8 {
        let own: Vec<&News> = all.iter().filter(|news| news.rank() == rank).collect();
        let News::Started { pid, .. } = own[0] else {
            panic!("{:?}", own[0]);
        };
        assert!(own.is_sorted_by_key(|news| news.at_ns()), "{own:?}");
        let said = messages(&all, rank);
        assert!(matches!(said[0], FromWorker::Hello { pid: told, .. } if told == pid));
        assert_eq!(said[1], &FromWorker::Stage(Stage::Started));
        let FromWorker::Warning { text } = said[2] else {
            panic!("{:?}", said[2]);
        };
        assert!(
            text.contains(&format!("rank: {rank}, world_size: 8, local_rank: {rank}")),
            "{text}"
        );
        assert_eq!(steps(&said), (0..STEPS).collect::<Vec<_>>());
        assert!(matches!(said.last(), Some(FromWorker::Done(_))));
        let mut printed: Vec<&str> = own
            .iter()
            .filter_map(|news| match news {
                News::Output { line, .. } => Some(line.as_str()),
                _ => None,
            })
            .collect();
        printed.sort_unstable();
        assert_eq!(
            printed,
            ["printed to standard error", "printed to standard output"]
        );
        let News::Exited { ended, by, .. } = end_of(&all, rank) else {
            unreachable!()
        };
        assert_eq!((*ended, *by), (Ended::Code(0), By::Itself));
    }
    let states = crew.states();
    assert!(
        states
            .iter()
            .all(|state| state.condition == Condition::Finished)
    );
    assert_eq!(
        diagnose(&states),
        "ranks 0, 1, 2, 3, 4, 5, 6, 7 have finished"
    );
    assert_eq!(crew.next(LONG), None, "returns at once");
}

fn stopping_in_order() {
    let crew = Crew::start(launches(&["until stop"; 2], None), Clock::start()).unwrap();
    let mut stepped = 0;
    until(&crew, |news| {
        stepped += usize::from(matches!(
            news,
            News::Message {
                message: FromWorker::Step(_),
                ..
            }
        ));
        stepped == 2
    });
    crew.stop(LONG);
    let all = to_the_end(&crew);
    for rank in 0..2 {
        assert!(matches!(
            messages(&all, rank).last(),
            Some(FromWorker::Done(_))
        ));
        assert!(matches!(
            end_of(&all, rank),
            News::Exited {
                ended: Ended::Code(0),
                by: By::Itself,
                ..
            }
        ));
    }
}

/// Nobody takes the news until the worker is over: it is not held up by that, and only the newest lines are kept.
fn printed_lines_give_way() {
    let link = Link::new();
    let crew = Crew::start(launches(&["shout"], Some(&link.path())), Clock::start()).unwrap();
    let (worker, _) = link.accept();
    crate::link::wait_for_end(worker);
    let all = to_the_end(&crew);
    let lines: Vec<(&str, u64)> = all
        .iter()
        .filter_map(|news| match news {
            News::Output { line, skipped, .. } => Some((line.as_str(), *skipped)),
            _ => None,
        })
        .collect();
    // Those that wait, and those that were in the pipe at the end.
    assert!(lines.len() < SHOUTS as usize / 2, "{} lines", lines.len());
    let told = lines.len() as u64 + lines.iter().map(|(_, skipped)| skipped).sum::<u64>();
    assert_eq!(told, SHOUTS + 1);
    let last_two = [
        (format!("line {}", SHOUTS - 1), 0),
        ("the last word".to_owned(), 0),
    ];
    let shown: Vec<(String, u64)> = lines[lines.len() - 2..]
        .iter()
        .map(|(line, skipped)| ((*line).to_owned(), *skipped))
        .collect();
    assert_eq!(shown, last_two);
}

fn no_message_is_lost() {
    let crew = Crew::start(launches(&["chatter"; 2], None), Clock::start()).unwrap();
    let all = to_the_end(&crew);
    for rank in 0..2 {
        let numbers = steps(&messages(&all, rank));
        assert_eq!(numbers, (0..CHATTER).collect::<Vec<_>>());
    }
    assert!(
        !all.iter().any(|news| matches!(news, News::Silent { .. })),
        "who is held up is not silent"
    );
}

fn usage_counts_the_workers() {
    let crew = Crew::start(launches(&["burn", "deaf"], None), Clock::start()).unwrap();
    let all = until(&crew, |news| {
        matches!(
            news,
            News::Message {
                message: FromWorker::Step(_),
                ..
            }
        )
    });
    let usage = crew.usage();
    assert_eq!(usage.len(), 2);
    let started: Vec<u32> = all
        .iter()
        .filter_map(|news| match news {
            News::Started { pid, .. } => Some(*pid),
            _ => None,
        })
        .collect();
    assert_eq!(started, [usage[0].pid, usage[1].pid]);
    // Ticks are 10 ms at most, and may be cut at both ends.
    assert!(usage[0].cpu_ns >= 150_000_000, "{usage:?}");
    assert!(usage.iter().all(|one| one.rss_bytes > 100_000), "{usage:?}");
    crew.kill(0).unwrap();
    until(&crew, |news| matches!(news, News::Exited { .. }));
    let later = crew.usage();
    assert_eq!(later[0].state, ProcessState::Ended);
    assert_eq!(later[0].rss_bytes, 0);
    assert!(later[0].cpu_ns >= usage[0].cpu_ns, "{later:?}");
    assert_eq!(crew.running(), 1);
}

fn waiting_for_news() {
    let crew = Crew::start(launches(&["deaf"], None), Clock::start()).unwrap();
    while crew.next(Duration::ZERO).is_some() {}
    assert!(!crew.is_over());
    until(&crew, |news| matches!(news, News::Message { .. }));
    drop(crew);
}
