//! What happens when something goes wrong: an error that says what, in time, on every rank that is
//! left.

use std::time::Duration;

use crate::common::{die, exit, on_ranks, on_ranks_of_which_some_die};
use tch::{Device, Kind, Tensor, nn};
use torch_ddp::{
    DdpOptions, DistributedDataParallel, ErrorKind, GlooDevice, GlooOptions, PrefixStore,
    ProcessGroup, ReduceOp, TcpStore,
};

const SHORT: Duration = Duration::from_millis(500);

/// A timeout that ends for somebody who is missing, and not for who is about to come.
const PATIENT: Duration = Duration::from_secs(8);

/// Far more than any of the timeouts above, far less than a hang.
const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_monitored_barrier_names_who_is_missing() {
    on_ranks("a_monitored_barrier_names_who_is_missing", 4, |rank| {
        let group = rank.group();
        let turns = rank.store("turns");
        if rank.rank == 0 {
            // So long that rank 2 comes on a busy machine too, which is about to come.
            turns.get("coming").unwrap();
            let error = group.with_timeout(PATIENT).monitored_barrier().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            assert_eq!(error.ranks(), [1, 3], "{error}");
        } else if rank.rank == 2 {
            turns.set("coming", "").unwrap();
            // Rank 0 answers nobody when somebody is missing.
            assert!(group.with_timeout(4 * PATIENT).monitored_barrier().is_err());
        }
        rank.meet("end");
    });
}

#[test]
fn a_missing_rank_is_a_timeout() {
    on_ranks("a_missing_rank_is_a_timeout", 2, |rank| {
        let group = rank.group();
        if rank.rank == 0 {
            let mut tensor = Tensor::from(1.0);
            let error = group
                .with_timeout(SHORT)
                .all_reduce(&mut tensor, ReduceOp::Sum)
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            assert_eq!(error.operation(), "all_reduce");
        }
        rank.meet("end");
    });
}

#[test]
fn a_group_that_does_not_form_names_who_never_came() {
    on_ranks(
        "a_group_that_does_not_form_names_who_never_came",
        4,
        |rank| {
            if rank.rank < 2 {
                // Both are here, and come within a time that is long for a busy machine too.
                let here = rank.store("here");
                here.add("count", 1).unwrap();
                while here.add("count", 0).unwrap() < 2 {
                    std::thread::yield_now();
                }
                let error = rank
                    .try_group("group", &GlooOptions::default().timeout(PATIENT))
                    .unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
                assert_eq!(error.ranks(), [2, 3], "{error}");
                assert!(
                    error.to_string().contains("rank 2, 3 never came"),
                    "{error}"
                );
            }
            rank.meet("end");
        },
    );
}

#[test]
fn a_killed_peer_is_an_error_and_no_hang() {
    let test = "a_killed_peer_is_an_error_and_no_hang";
    on_ranks_of_which_some_die(test, 3, &[1], |rank| {
        let group = rank.group_with(&GlooOptions::default().timeout(SOON));
        group.barrier().unwrap();
        if rank.rank == 1 {
            die();
        }
        let mut tensor = Tensor::from(1.0);
        let error = group.all_reduce(&mut tensor, ReduceOp::Sum).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout),
            "{error}"
        );
    });
}

#[test]
fn a_peer_killed_while_others_wait_is_noticed_at_once() {
    let test = "a_peer_killed_while_others_wait_is_noticed_at_once";
    on_ranks_of_which_some_die(test, 2, &[1], |rank| {
        let group = rank.group_with(&GlooOptions::default().timeout(Duration::from_secs(1000)));
        let store = rank.store("turns");
        if rank.rank == 1 {
            store.get("waiting").unwrap();
            die();
        }
        let work = group.barrier_async().unwrap();
        store.set("waiting", "").unwrap();
        let error = work.wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    });
}

#[test]
fn mismatched_shapes_are_an_error_where_calls_are_checked() {
    on_ranks(
        "mismatched_shapes_are_an_error_where_calls_are_checked",
        2,
        |rank| {
            let group = rank.group_with(&GlooOptions::default().timeout(SOON).checked(true));
            let mut tensor = Tensor::zeros([2 + rank.number()], (Kind::Float, Device::Cpu));
            let error = group.all_reduce(&mut tensor, ReduceOp::Sum).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
            // The ranks still understand each other.
            let mut sum = Tensor::from(rank.number());
            group.all_reduce(&mut sum, ReduceOp::Sum).unwrap();
            assert_eq!(i64::try_from(&sum).unwrap(), 1);
            let error = if rank.rank == 0 {
                group.barrier().unwrap_err()
            } else {
                group.broadcast(&mut sum, 0).unwrap_err()
            };
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        },
    );
}

#[test]
fn abort_ends_what_is_under_way() {
    on_ranks("abort_ends_what_is_under_way", 2, |rank| {
        let group = rank.group_with(&GlooOptions::default().timeout(Duration::from_secs(1000)));
        if rank.rank == 0 {
            let mut work = group.barrier_async().unwrap();
            assert!(!work.wait_for(Duration::from_millis(20)).unwrap());
            group.abort().unwrap();
            let error = work.wait().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
            assert_eq!(group.barrier().unwrap_err().kind(), ErrorKind::Aborted);
        } else {
            // Whatever this rank does next fails, at once.
            let error = group.broadcast(&mut Tensor::from(1.0), 0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        }
    });
}

#[test]
fn dropping_in_odd_orders_is_fine() {
    on_ranks("dropping_in_odd_orders_is_fine", 2, |rank| {
        // The store before the group, the group before its work, the work before it is over.
        let store = rank.store("odd");
        let group =
            ProcessGroup::gloo(&store, rank.rank, rank.size, &GlooOptions::default()).unwrap();
        drop(store);
        let clone = group.with_timeout(SOON);
        let work = group
            .all_reduce_async(Tensor::from(1_i64), ReduceOp::Sum)
            .unwrap();
        drop(group.barrier_async().unwrap());
        drop(group);
        drop(clone);
        assert_eq!(i64::try_from(work.wait().unwrap()).unwrap(), 2);

        // A work that nobody waits for, and whose peer never comes, with a group that goes away:
        // the timeout ends both.
        let group = rank
            .try_group("short", &GlooOptions::default().timeout(2 * SHORT))
            .unwrap();
        if rank.rank == 0 {
            drop(
                group
                    .all_reduce_async(Tensor::from(1_i64), ReduceOp::Sum)
                    .unwrap(),
            );
            drop(group);
        }
        rank.meet("end");
        // Threads of this group are alive when the process ends.
        std::mem::forget(
            rank.try_group("forgotten", &GlooOptions::default())
                .unwrap(),
        );
    });
}

#[test]
fn a_process_may_end_with_everything_alive() {
    on_ranks("a_process_may_end_with_everything_alive", 2, |rank| {
        let options = GlooOptions::default().timeout(Duration::from_secs(1000));
        let group = rank.group_with(&options);
        let vars = nn::VarStore::new(Device::Cpu);
        let weight = vars.root().ones("weight", &[2]);
        let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap();
        let loss = ddp.forward(|| weight.sum(Kind::Float)).unwrap();
        ddp.backward(&loss).unwrap();
        rank.meet("trained");
        // One operation that its peer never joins.
        let _pending = (rank.rank == 0).then(|| group.barrier_async().unwrap());
        exit(&rank)
    });
}

#[test]
fn abort_ends_a_backward_pass() {
    on_ranks("abort_ends_a_backward_pass", 2, |rank| {
        let options = GlooOptions::default().timeout(Duration::from_secs(1000));
        let group = rank.group_with(&options);
        let vars = nn::VarStore::new(Device::Cpu);
        let weight = vars.root().ones("weight", &[2]);
        let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap();
        let loss = ddp.forward(|| weight.sum(Kind::Float)).unwrap();
        if rank.rank == 0 {
            std::thread::scope(|scope| {
                let aborting = scope.spawn(|| group.abort().unwrap());
                // The other rank never comes.
                let error = ddp.backward(&loss).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
                aborting.join().unwrap();
            });
        }
        rank.meet("end");
    });
}

#[test]
fn after_an_abort_a_forward_pass_says_so_too() {
    on_ranks("after_an_abort_a_forward_pass_says_so_too", 2, |rank| {
        let options = GlooOptions::default().timeout(Duration::from_secs(1000));
        let group = rank.group_with(&options);
        let vars = nn::VarStore::new(Device::Cpu);
        let weight = vars.root().ones("weight", &[2]);
        let _ = vars.root().zeros_no_train("mean", &[3]);
        let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap();
        if rank.rank == 0 {
            group.abort().unwrap();
            // Its buffers cannot be brought in line.
            let error = ddp.forward(|| weight.sum(Kind::Float)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
            let error = group.monitored_barrier().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
            let error =
                DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
        }
        rank.meet("end");
    });
}

#[test]
fn a_taken_port_is_named() {
    let first = TcpStore::server("localhost", 0, SOON).unwrap();
    for host in ["localhost", "0.0.0.0"] {
        let error = TcpStore::server(host, first.port(), SOON).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInUse, "{error}");
        assert!(
            error.to_string().contains(&first.port().to_string()),
            "{error}"
        );
    }
}

#[test]
fn a_store_that_is_not_there_is_an_error_in_time() {
    // A port that was free a moment ago.
    let port = {
        let server = TcpStore::server("localhost", 0, SOON).unwrap();
        server.port()
    };
    let error = TcpStore::client("localhost", port, SHORT).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Connection),
        "{error}"
    );
    assert_eq!(
        TcpStore::client("localhost", 0, SHORT).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn ranks_outside_the_group_are_refused() {
    let store = TcpStore::server("localhost", 0, SOON).unwrap();
    for (rank, size) in [(2, 2), (0, 0), (usize::MAX, 2)] {
        let error = ProcessGroup::gloo(&store, rank, size, &GlooOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    for threads in [0, 65] {
        let options = GlooOptions::default().threads(threads);
        let error = ProcessGroup::gloo(&store, 0, 1, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let nowhere = PrefixStore::new("nowhere", &store).unwrap();
    let options = GlooOptions::default().device(GlooDevice::Interface("nowhere".to_owned()));
    let error = ProcessGroup::gloo(&nowhere, 0, 1, &options).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    // That is nobody else's fault, whether they have come or not.
    let apart = PrefixStore::new("apart", &store).unwrap();
    let error = ProcessGroup::gloo(&apart, 0, 2, &options).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(error.ranks().is_empty(), "{error}");
    assert!(!error.to_string().contains("never came"), "{error}");

    let alone = ProcessGroup::gloo(&store, 0, 1, &GlooOptions::default()).unwrap();
    alone.barrier().unwrap();
    alone.monitored_barrier().unwrap();
    alone.abort().unwrap();
    let error = ProcessGroup::gloo(&store, 0, 1, &GlooOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    assert!(error.to_string().contains("PrefixStore"), "{error}");
}
