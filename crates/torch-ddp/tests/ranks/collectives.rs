//! Every collective, on two to four processes, against values computed by hand.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "sums of small whole numbers are exact"
)]

use std::time::Duration;

use crate::common::on_ranks;
use tch::{Kind, Tensor};
use torch_ddp::{ErrorKind, GlooDevice, GlooOptions, ReduceOp};

fn floats(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1).to_kind(Kind::Float)).unwrap()
}

#[test]
fn all_reduce_combines_element_by_element() {
    on_ranks("all_reduce_combines_element_by_element", 3, |rank| {
        let group = rank.group();
        let own = rank.rank as f32;
        for (op, expected) in [
            (ReduceOp::Sum, [3.0, 33.0]),
            (ReduceOp::Product, [0.0, 1320.0]),
            (ReduceOp::Min, [0.0, 10.0]),
            (ReduceOp::Max, [2.0, 12.0]),
        ] {
            let mut tensor = Tensor::from_slice(&[own, own + 10.0]);
            group.all_reduce(&mut tensor, op).unwrap();
            assert_eq!(floats(&tensor), expected, "{op:?}");
        }
        for (op, expected) in [
            (ReduceOp::BitAnd, 0b100),
            (ReduceOp::BitOr, 0b111),
            (ReduceOp::BitXor, 0b111),
        ] {
            let mut tensor = Tensor::from([0b100_i64, 0b101, 0b110][rank.rank]);
            group.all_reduce(&mut tensor, op).unwrap();
            assert_eq!(i64::try_from(&tensor).unwrap(), expected, "{op:?}");
        }
    });
}

#[test]
fn all_reduce_takes_every_kind_of_number() {
    on_ranks("all_reduce_takes_every_kind_of_number", 2, |rank| {
        let group = rank.group();
        for kind in [
            Kind::Uint8,
            Kind::Int8,
            Kind::Int,
            Kind::Int64,
            Kind::Half,
            Kind::BFloat16,
            Kind::Float,
            Kind::Double,
        ] {
            let mut tensor = Tensor::from_slice(&[1_i64, 2, 3]).to_kind(kind);
            group.all_reduce(&mut tensor, ReduceOp::Sum).unwrap();
            assert_eq!(tensor.kind(), kind);
            assert_eq!(floats(&tensor), [2.0, 4.0, 6.0], "{kind:?}");
        }
        let mut nothing = Tensor::zeros([0, 3], (Kind::Float, tch::Device::Cpu));
        group.all_reduce(&mut nothing, ReduceOp::Sum).unwrap();
        group.broadcast(&mut nothing, 1).unwrap();
        assert_eq!(group.all_gather(&nothing).unwrap()[1].size(), [0, 3]);
    });
}

#[test]
fn broadcast_copies_the_root() {
    on_ranks("broadcast_copies_the_root", 4, |rank| {
        let group = rank.group();
        assert_eq!((group.rank(), group.size()), (rank.rank, 4));
        for root in 0..4 {
            let mut tensor =
                Tensor::full([2, 3], rank.rank as f64, (Kind::Double, tch::Device::Cpu));
            group.broadcast(&mut tensor, root).unwrap();
            assert_eq!(floats(&tensor), [root as f32; 6]);
        }
        // In place, also when the tensor is one that is trained.
        let mut weight = Tensor::from(rank.rank as f32 + 1.0).set_requires_grad(true);
        group.broadcast(&mut weight, 2).unwrap();
        assert_eq!(f32::try_from(&weight).unwrap(), 3.0);
        assert!(weight.requires_grad() && weight.is_leaf());
    });
}

#[test]
fn all_gather_lists_the_ranks_in_order() {
    on_ranks("all_gather_lists_the_ranks_in_order", 4, |rank| {
        let own = Tensor::from_slice(&[rank.number(), 10 * rank.number()]);
        let gathered = rank.group().all_gather(&own).unwrap();
        assert_eq!(gathered.len(), 4);
        for (other, tensor) in gathered.iter().enumerate() {
            assert_eq!(floats(tensor), [other as f32, 10.0 * other as f32]);
        }
    });
}

#[test]
fn a_barrier_holds_until_all_have_come() {
    on_ranks("a_barrier_holds_until_all_have_come", 3, |rank| {
        let group = rank.group();
        let counter = rank.store("counter");
        for round in 1..=20 {
            counter.add("arrived", 1).unwrap();
            if round % 2 == 0 {
                group.barrier()
            } else {
                group.monitored_barrier()
            }
            .unwrap();
            assert!(counter.add("arrived", 0).unwrap() >= 3 * round);
        }
    });
}

#[test]
fn pending_work_owns_its_tensor() {
    on_ranks("pending_work_owns_its_tensor", 2, |rank| {
        let group = rank.group();
        let pending: Vec<_> = (0..8)
            .map(|i| {
                let tensor = Tensor::full([1000], i, (Kind::Float, tch::Device::Cpu));
                group.all_reduce_async(tensor, ReduceOp::Sum).unwrap()
            })
            .collect();
        for (i, work) in pending.into_iter().enumerate() {
            assert_eq!(floats(&work.wait().unwrap()), [2.0 * i as f32; 1000]);
        }
        // Rank 1 starts only after rank 0 has seen that nothing is over yet.
        let store = rank.store("turns");
        if rank.rank == 0 {
            let mut work = group.all_gather_async(Tensor::from(7_i64)).unwrap();
            assert!(!work.is_completed().unwrap());
            assert!(!work.wait_for(Duration::from_millis(20)).unwrap());
            store.set("seen", "").unwrap();
            assert_eq!(work.wait().unwrap().len(), 2);
        } else {
            store.get("seen").unwrap();
            // On another thread, since a pending collective may be waited for anywhere.
            let work = group.all_gather_async(Tensor::from(7_i64)).unwrap();
            let gathered = std::thread::spawn(move || work.wait().unwrap().len())
                .join()
                .unwrap();
            assert_eq!(gathered, 2);
        }
    });
}

#[test]
fn unfit_tensors_are_refused() {
    on_ranks("unfit_tensors_are_refused", 1, |rank| {
        let group = rank.group();
        // One element in memory that pretends to be a thousand: gloo would write past it.
        let expanded = Tensor::from(1.0_f32).expand([1000], false);
        let column = Tensor::zeros([3, 3], (Kind::Float, tch::Device::Cpu)).select(1, 0);
        for mut tensor in [expanded, column, Tensor::new()] {
            let error = group.all_reduce(&mut tensor, ReduceOp::Sum).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
        let error = group.broadcast(&mut Tensor::from(1.0), 1).unwrap_err();
        assert!(
            error.to_string().contains("rank 1 is outside a group of 1"),
            "{error}"
        );
        let mut boolean = Tensor::from(1.5_f32);
        let error = group
            .all_reduce(&mut boolean, ReduceOp::BitAnd)
            .unwrap_err();
        assert!(!error.message().contains('\n'), "{error}");
    });
}

#[test]
fn two_threads_share_a_group() {
    on_ranks("two_threads_share_a_group", 2, |rank| {
        let group = rank.group();
        let first = rank.try_group("first", &GlooOptions::default()).unwrap();
        // Each thread has a group for its results; on the shared one they only meet, since barriers
        // are all the same.
        std::thread::scope(|scope| {
            for own in [
                first,
                rank.try_group("second", &GlooOptions::default()).unwrap(),
            ] {
                let shared = &group;
                scope.spawn(move || {
                    for _ in 0..50 {
                        shared.barrier().unwrap();
                        let mut one = Tensor::from(1_i64);
                        own.all_reduce(&mut one, ReduceOp::Sum).unwrap();
                        assert_eq!(i64::try_from(&one).unwrap(), 2);
                    }
                });
            }
        });
    });
}

#[test]
fn groups_begin_on_several_threads_at_once() {
    const THREADS: usize = 8;
    on_ranks("groups_begin_on_several_threads_at_once", 1, |rank| {
        // libtorch notes a group when its first operation starts, in a table of all groups.
        for round in 0..40 {
            let groups: Vec<_> = (0..THREADS)
                .map(|i| rank.try_group(&format!("{round}/{i}"), &GlooOptions::default()))
                .collect();
            let start = std::sync::Barrier::new(THREADS);
            std::thread::scope(|scope| {
                for group in groups {
                    let start = &start;
                    scope.spawn(move || {
                        let group = group.unwrap();
                        start.wait();
                        group.barrier().unwrap();
                    });
                }
            });
        }
    });
}

#[test]
fn devices_can_be_chosen() {
    on_ranks("devices_can_be_chosen", 2, |rank| {
        for (name, device) in [
            ("interface", GlooDevice::Interface("lo".to_owned())),
            ("address", GlooDevice::Address("127.0.0.1".to_owned())),
        ] {
            let group = rank
                .try_group(name, &GlooOptions::default().device(device))
                .unwrap();
            group.barrier().unwrap();
        }
    });
}
