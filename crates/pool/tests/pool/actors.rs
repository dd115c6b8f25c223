//! Actors: order, exclusiveness, restarts, death.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use workbench_pool::{ActorOptions, NEVER_RAN, Outcome, TaskError, get_all, wait_all};

use crate::support::{Gate, by_task, guarded, pool};

#[test]
fn messages_run_in_order_one_at_a_time() {
    guarded(|| {
        let pool = pool(4);
        let actor = pool.actor(Vec::new);
        let inside = Arc::new(AtomicBool::new(false));
        let sent: Vec<_> = (0..2000)
            .map(|n| {
                let inside = Arc::clone(&inside);
                actor.call(move |seen: &mut Vec<u32>| {
                    assert!(!inside.swap(true, Ordering::SeqCst), "two at a time");
                    seen.push(n);
                    inside.store(false, Ordering::SeqCst);
                    seen.len()
                })
            })
            .collect();
        let lengths: Vec<usize> = get_all(&sent).unwrap().iter().map(|n| **n).collect();
        assert_eq!(lengths, (1..=2000).collect::<Vec<_>>());
        let seen = actor.call(|seen| seen.clone()).get().unwrap();
        assert_eq!(*seen, (0..2000).collect::<Vec<_>>());
    });
}

#[test]
fn messages_are_in_the_timeline() {
    guarded(|| {
        let pool = pool(2);
        let options = ActorOptions {
            name: "counter".into(),
            group: 5,
            ..ActorOptions::default()
        };
        let actor = pool.actor_with(options, || 0_u32);
        let sent: Vec<_> = (0..10).map(|_| actor.call(|n| *n += 1)).collect();
        wait_all(&sent);
        let tasks = by_task(pool.drain_spans());
        for (part, message) in sent.iter().enumerate() {
            let span = &tasks[&message.id()][0];
            assert_eq!((&*span.name, span.group), ("counter", 5));
            assert_eq!(span.part as usize, part);
            assert_eq!(span.outcome, Outcome::Done);
        }
    });
}

#[test]
fn a_panic_fails_its_message_and_rebuilds_the_state() {
    guarded(|| {
        let pool = pool(2);
        let built = Arc::new(AtomicUsize::new(0));
        let options = ActorOptions {
            max_restarts: 1,
            ..ActorOptions::default()
        };
        let actor = {
            let built = Arc::clone(&built);
            pool.actor_with(options, move || {
                built.fetch_add(1, Ordering::Relaxed);
                0_u32
            })
        };
        actor.call(|n| *n = 10).get().unwrap();
        let bad = actor.call(|_| -> u32 { panic!("first") });
        let after = actor.call(|n| *n);
        assert!(matches!(bad.get(), Err(TaskError::Panicked { .. })));
        assert_eq!(*after.get().unwrap(), 0, "a new state");
        assert_eq!(built.load(Ordering::Relaxed), 2);
        assert!(actor.is_alive());

        let worse = actor.call(|_| -> u32 { panic!("second") });
        let queued: Vec<_> = (0..3).map(|_| actor.call(|n| *n)).collect();
        assert!(matches!(worse.get(), Err(TaskError::Panicked { .. })));
        for message in &queued {
            let error = message.get().unwrap_err();
            assert!(matches!(error, TaskError::ActorDead { .. }), "{error}");
            assert!(error.to_string().contains("second"), "{error}");
        }
        assert!(!actor.is_alive());
        let late = actor.call(|n| *n);
        assert!(matches!(late.get(), Err(TaskError::ActorDead { .. })));
        let tasks = by_task(pool.drain_spans());
        assert_eq!(tasks.len(), 8);
        assert_eq!(tasks[&late.id()][0].slot, NEVER_RAN);
    });
}

#[test]
fn a_constructor_that_panics_fails_the_message() {
    guarded(|| {
        let pool = pool(1);
        let actor = pool.actor(|| -> u8 { panic!("cannot be built") });
        let first = actor.call(|n| *n);
        assert!(
            first
                .get()
                .unwrap_err()
                .to_string()
                .contains("cannot be built")
        );
        assert!(matches!(
            actor.call(|n| *n).get(),
            Err(TaskError::ActorDead { .. })
        ));
    });
}

#[test]
fn a_cancelled_message_does_not_disturb_the_order() {
    guarded(|| {
        let pool = pool(2);
        let actor = pool.actor(Vec::new);
        let gate = Gate::default();
        let pass = gate.clone();
        let first = actor.call(move |seen: &mut Vec<u32>| {
            pass.pass();
            seen.push(1);
        });
        let second = actor.call(|seen| seen.push(2));
        let third = actor.call(|seen| seen.push(3));
        assert!(second.cancel());
        assert!(!third.is_done(), "the first one still runs");
        gate.open();
        wait_all(&[first, second, third]);
        assert_eq!(*actor.call(|seen| seen.clone()).get().unwrap(), [1, 3]);
    });
}

#[test]
fn a_message_in_the_queue_can_be_cancelled() {
    guarded(|| {
        let pool = pool(1);
        let gate = Gate::default();
        let pass = gate.clone();
        let blocker = pool.spawn(move || pass.pass());
        let actor = pool.actor(|| 0_u32);
        let first = actor.call(|n| *n += 1);
        let second = actor.call(|n| *n += 10);
        first.cancel();
        gate.open();
        wait_all(&[
            second.dependency(),
            blocker.dependency(),
            first.dependency(),
        ]);
        assert_eq!(*actor.call(|n| *n).get().unwrap(), 10);
    });
}

#[test]
fn the_state_goes_with_the_last_reference() {
    guarded(|| {
        let pool = pool(1);
        let held = Arc::new(());
        let actor = {
            let held = Arc::clone(&held);
            pool.actor(move || Arc::clone(&held))
        };
        actor.call(|_| ()).get().unwrap();
        assert_eq!(Arc::strong_count(&held), 3);
        drop(actor.clone());
        drop(actor);
        drop(pool);
        assert_eq!(Arc::strong_count(&held), 1);
    });
}

#[test]
fn closing_the_pool_ends_the_messages_that_wait() {
    guarded(|| {
        let pool = pool(1);
        let held = Arc::new(());
        let state = Arc::clone(&held);
        let actor = pool.actor(move || Arc::clone(&state));
        let (inside, gate) = (Gate::default(), Gate::default());
        let (tell, pass) = (inside.clone(), gate.clone());
        let first = actor.call(move |_| {
            tell.open();
            pass.pass();
        });
        let waiting: Vec<_> = (0..10).map(|_| actor.call(|_| ())).collect();
        inside.pass();
        let closing = std::thread::spawn(move || drop(pool));
        wait_all(&waiting);
        for message in &waiting {
            assert!(matches!(message.get(), Err(TaskError::Cancelled { .. })));
        }
        gate.open();
        closing.join().unwrap();
        first.get().unwrap();
        drop((waiting, first, actor));
        assert_eq!(Arc::strong_count(&held), 1, "nothing is left behind");
    });
}

#[test]
fn a_message_may_use_the_pool() {
    guarded(|| {
        let pool = pool(1);
        let handle = pool.handle();
        let actor = pool.actor(|| 0_u64);
        let sum = actor.call(move |total| {
            let parts: Vec<_> = (0..10_u64).map(|n| handle.spawn(move || n)).collect();
            *total = get_all(&parts).unwrap().iter().map(|n| **n).sum();
            *total
        });
        assert_eq!(*sum.get().unwrap(), 45);
    });
}
