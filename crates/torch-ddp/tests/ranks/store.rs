//! The key-value store, in one process and in several.

use std::io::Read as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::on_ranks;
use torch_ddp::{ErrorKind, MOST_KEY_BYTES, MOST_VALUE_BYTES, PrefixStore, Store, TcpStore};

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

#[test]
fn a_listener_that_does_not_answer_is_a_timeout_in_time() {
    // Accepts in the kernel, and nobody reads.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    // Reads all, and answers something else.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let other_port = other.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in other.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 64]);
            let _ = std::io::Write::write_all(&mut client, b"HTTP/1.1 400 Bad Request");
        }
    });
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (port, words) in [
        (
            silent.local_addr().unwrap().port(),
            "does not answer as a store does",
        ),
        (other_port, "does not answer as a store does"),
        (closed, "nobody answers there"),
    ] {
        let began = Instant::now();
        let timeout = Duration::from_millis(300);
        let error = TcpStore::client("127.0.0.1", port, timeout).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        // Without the deadline it would never return.
        assert!(began.elapsed() >= timeout, "{error}");
    }
}

#[test]
fn keys_and_values_have_the_documented_limits() {
    let store = TcpStore::server("127.0.0.1", 0, SOON).unwrap();
    let client = TcpStore::client("127.0.0.1", store.port(), SOON).unwrap();
    let inner = PrefixStore::new("in", &client).unwrap();
    let most = vec![7; MOST_VALUE_BYTES];
    client.set("value", &most).unwrap();
    assert_eq!(client.get("value").unwrap(), most);
    let key = "k".repeat(MOST_KEY_BYTES - 4);
    inner.set(&key, "long").unwrap();
    assert_eq!(inner.get(&key).unwrap(), b"long");
    client.set("", "empty").unwrap();
    assert_eq!(client.get("").unwrap(), b"empty");

    let more = vec![7; MOST_VALUE_BYTES + 1];
    let longer = format!("{key}k");
    for error in [
        client.set("value", &more).unwrap_err(),
        client.compare_set("value", "", &more).unwrap_err(),
        client.compare_set("value", &more, "").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        let told = "the value has 8388609 bytes; give at most 8388608";
        assert_eq!(error.message(), told);
    }
    for error in [
        inner.set(&longer, "").unwrap_err(),
        inner.get(&longer).unwrap_err(),
        inner.add(&longer, 1).unwrap_err(),
        inner.delete(&longer).unwrap_err(),
        inner.contains(&longer).unwrap_err(),
        inner.wait(&longer, SOON).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        let told = "the key has 8193 bytes; give at most 8192";
        assert_eq!(error.message(), told);
    }
    // The connection is still there.
    assert_eq!(client.get("value").unwrap().len(), MOST_VALUE_BYTES);
}
