//! The key-value store, in one process and in several.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod common;

use std::time::Duration;

use common::on_ranks;
use torch_ddp::{ErrorKind, PrefixStore, Store, TcpStore};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn operations_do_what_they_say() {
    let store = TcpStore::server("127.0.0.1", 0, SOON).unwrap();
    assert_ne!(store.port(), 0);
    assert_eq!(store.host(), "127.0.0.1");
    assert!(!store.contains("a").unwrap());
    store.set("a", b"one\0two").unwrap();
    assert!(store.contains("a").unwrap());
    assert_eq!(store.get("a").unwrap(), b"one\0two");
    store.set("a", "").unwrap();
    assert_eq!(store.get("a").unwrap(), b"");

    assert_eq!(store.add("n", 5).unwrap(), 5);
    assert_eq!(store.add("n", -7).unwrap(), -2);
    assert_eq!(store.get("n").unwrap(), b"-2");

    assert_eq!(store.compare_set("c", "", "first").unwrap(), b"first");
    assert_eq!(store.compare_set("c", "other", "second").unwrap(), b"first");
    assert_eq!(
        store.compare_set("c", "first", "second").unwrap(),
        b"second"
    );

    let keys = store.num_keys().unwrap();
    assert!(store.delete("c").unwrap());
    assert!(!store.delete("c").unwrap());
    assert_eq!(store.num_keys().unwrap(), keys - 1);
}

#[test]
fn waiting_ends_with_the_key_or_the_timeout() {
    let store = TcpStore::server("localhost", 0, Duration::from_millis(200)).unwrap();
    let error = store.wait("never", Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("never"), "{error}");
    assert_eq!(store.get("never").unwrap_err().kind(), ErrorKind::Timeout);

    let other = TcpStore::client("localhost", store.port(), SOON).unwrap();
    let waiting = std::thread::spawn(move || other.get("later").unwrap());
    store.set("later", "now").unwrap();
    assert_eq!(waiting.join().unwrap(), b"now");
}

#[test]
fn prefixes_keep_users_apart() {
    let store = TcpStore::server("localhost", 0, SOON).unwrap();
    let a: Store = PrefixStore::new("a", &store).unwrap().into();
    let b = PrefixStore::new("b", &a).unwrap();
    a.set("key", "in a").unwrap();
    b.set("key", "in b").unwrap();
    assert_eq!(a.get("key").unwrap(), b"in a");
    assert_eq!(b.get("key").unwrap(), b"in b");
    assert!(!store.contains("key").unwrap());
    assert_eq!(b.timeout(), SOON);
    // The store lives on in those made from it.
    drop(store);
    drop(a);
    assert_eq!(b.get("key").unwrap(), b"in b");
}

#[test]
fn counters_lose_nothing_between_processes_and_threads() {
    on_ranks(
        "counters_lose_nothing_between_processes_and_threads",
        3,
        |rank| {
            let store = rank.store("count");
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            store.add("n", 1).unwrap();
                        }
                    });
                }
            });
            rank.meet("counted");
            assert_eq!(store.add("n", 0).unwrap(), 300);
            rank.meet("end");
        },
    );
}
