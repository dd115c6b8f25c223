//! Reductions to one rank and to all, dealing rows, messages, bytes, groups of some ranks, and
//! calls that differ: on two to four processes, against values computed by hand.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "sums of small whole numbers are exact"
)]

use std::time::Duration;

use crate::common::on_ranks;
use tch::{Device, Kind, Tensor};
use torch_ddp::{Error, ErrorKind, GlooOptions, ReduceOp};

fn floats(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1).to_kind(Kind::Float)).unwrap()
}

#[test]
fn reduce_and_gather_end_at_the_root() {
    on_ranks("reduce_and_gather_end_at_the_root", 3, |rank| {
        let group = rank.group();
        for root in 0..3 {
            let mut tensor = Tensor::from_slice(&[rank.number(), 10]);
            group.reduce(&mut tensor, root, ReduceOp::Sum).unwrap();
            if rank.rank == root {
                assert_eq!(floats(&tensor), [3.0, 30.0]);
            }
            let own = Tensor::from_slice(&[rank.number(), -1]);
            let all = group.gather(&own, root).unwrap();
            let expected = if rank.rank == root { 3 } else { 0 };
            assert_eq!(all.len(), expected);
            for (other, tensor) in all.iter().enumerate() {
                assert_eq!(floats(tensor), [other as f32, -1.0]);
            }
        }
        let error = group.gather(&Tensor::from(1), 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    });
}

#[test]
fn scatter_deals_the_roots_parts() {
    on_ranks("scatter_deals_the_roots_parts", 3, |rank| {
        let group = rank.group();
        for root in 0..3 {
            let parts: Vec<Tensor> = (0..3).map(|part| Tensor::from_slice(&[part, 7])).collect();
            let given = if rank.rank == root { &parts[..] } else { &[] };
            let mut own = Tensor::from_slice(&[0, 0]);
            group.scatter(&mut own, given, root).unwrap();
            assert_eq!(floats(&own), [rank.rank as f32, 7.0]);
            let mut other = Tensor::from_slice(&[0, 0]);
            let error = group.scatter(&mut other, &parts[..2], root).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
        let mut wide = Tensor::from_slice(&[0, 0, 0]);
        if rank.rank == 0 {
            let parts: Vec<Tensor> = (0..3).map(|part| Tensor::from_slice(&[part, 7])).collect();
            let error = group.scatter(&mut wide, &parts, 0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
    });
}

#[test]
fn rows_are_reduced_and_dealt() {
    on_ranks("rows_are_reduced_and_dealt", 4, |rank| {
        let group = rank.group();
        // Row r of rank n is [10 n + r, 1].
        let rows = Tensor::arange(8, (Kind::Float, Device::Cpu)) + 10.0 * rank.rank as f64;
        let rows = Tensor::stack(&[rows.shallow_clone(), rows.ones_like()], 1);
        let own = group.reduce_scatter(&rows, ReduceOp::Sum).unwrap();
        assert_eq!(own.size(), [2, 2]);
        let first = 60.0 + 4.0 * 2.0 * rank.rank as f32;
        assert_eq!(floats(&own), [first, 4.0, first + 4.0, 4.0]);

        let dealt = group.all_to_all(&rows).unwrap();
        assert_eq!(dealt.size(), [8, 2]);
        let expected: Vec<f32> = (0..4)
            .flat_map(|other| (0..2).map(move |row| (other * 10 + row) as f32))
            .flat_map(|start| [start + 2.0 * rank.rank as f32, 1.0])
            .collect();
        assert_eq!(floats(&dealt), expected);
        let odd = Tensor::zeros([6, 2], (Kind::Float, Device::Cpu));
        for error in [
            group.reduce_scatter(&odd, ReduceOp::Sum).unwrap_err(),
            group.all_to_all(&odd).unwrap_err(),
            group.all_to_all(&Tensor::from(1.0)).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
    });
}

#[test]
fn a_tensor_goes_round_a_ring() {
    on_ranks("a_tensor_goes_round_a_ring", 3, |rank| {
        let group = rank.group();
        let (next, before) = ((rank.rank + 1) % 3, (rank.rank + 2) % 3);
        let mut tensor = Tensor::from_slice(&[0.0, 1.5]);
        if rank.rank == 0 {
            group.send(&(&tensor + 1.0), next, 7).unwrap();
            group.recv(&mut tensor, before, 7).unwrap();
        } else {
            group.recv(&mut tensor, before, 7).unwrap();
            group.send(&(&tensor + 1.0), next, 7).unwrap();
        }
        let expected = [3.0, 1.0, 2.0][rank.rank];
        assert_eq!(floats(&tensor), [expected, expected + 1.5]);
        for (other, tag) in [(rank.rank, 0), (3, 0), (next, u32::MAX)] {
            let error = group.send(&tensor, other, tag).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
    });
}

#[test]
fn a_message_that_does_not_fit_is_an_error_on_both_sides() {
    on_ranks(
        "a_message_that_does_not_fit_is_an_error_on_both_sides",
        2,
        |rank| {
            let group = rank.group();
            let error = if rank.rank == 0 {
                group.send(&Tensor::from_slice(&[1.0, 2.0, 3.0]), 1, 0)
            } else {
                group.recv(&mut Tensor::from_slice(&[1.0, 2.0]), 0, 0)
            };
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
            // The group can be used further.
            let mut tensor = Tensor::from(rank.number());
            group.broadcast(&mut tensor, 1).unwrap();
            assert_eq!(floats(&tensor), [1.0]);
        },
    );
}

#[test]
fn bytes_of_any_length_are_shared() {
    on_ranks("bytes_of_any_length_are_shared", 3, |rank| {
        let group = rank.group();
        let own = vec![rank.rank as u8; 5 * rank.rank];
        let all = group.all_gather_bytes(&own).unwrap();
        assert_eq!(all, [vec![], vec![1; 5], vec![2; 10]]);
        assert_eq!(group.all_gather_bytes(b"").unwrap(), [b"", b"", b""]);
        for root in 0..3 {
            let got = group.broadcast_bytes(&own, root).unwrap();
            assert_eq!(got, vec![root as u8; 5 * root]);
        }
    });
}

#[test]
fn some_ranks_form_a_group_of_their_own() {
    on_ranks("some_ranks_form_a_group_of_their_own", 4, |rank| {
        let group = rank.group();
        let store = rank.store("groups");
        let options = GlooOptions::default();
        let odd = group.subgroup(&store, "odd", &[3, 1], &options).unwrap();
        let even = group.subgroup(&store, "even", &[0, 2], &options).unwrap();
        let (own, place, sum) = match rank.rank {
            0 => (even, 0, 2.0),
            2 => (even, 1, 2.0),
            3 => (odd, 0, 4.0),
            _ => (odd, 1, 4.0),
        };
        let own = own.unwrap();
        assert_eq!((own.rank(), own.size()), (place, 2));
        let mut tensor = Tensor::from(rank.number());
        own.all_reduce(&mut tensor, ReduceOp::Sum).unwrap();
        assert_eq!(floats(&tensor), [sum]);
        for ranks in [&[0, 4][..], &[1, 1]] {
            let error = group
                .subgroup(&store, "wrong", ranks, &options)
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
        group.barrier().unwrap();
    });
}

#[test]
fn ranks_that_call_different_things_all_get_an_error() {
    on_ranks(
        "ranks_that_call_different_things_all_get_an_error",
        3,
        |rank| {
            let group = rank.group_with(&GlooOptions::default().timeout(Duration::from_secs(60)));
            let odd = rank.rank == 2;
            let ones = |count: i64| Tensor::ones([count], (Kind::Float, Device::Cpu));
            let sum = |mut tensor: Tensor, op| group.all_reduce(&mut tensor, op);
            let all: Vec<(&str, Result<(), Error>)> = vec![
                ("size", sum(ones(if odd { 5 } else { 4 }), ReduceOp::Sum)),
                (
                    "much larger",
                    sum(ones(if odd { 1 } else { 1 << 20 }), ReduceOp::Sum),
                ),
                (
                    "shape",
                    sum(
                        ones(6).reshape(if odd { [2, 3] } else { [3, 2] }),
                        ReduceOp::Sum,
                    ),
                ),
                (
                    "type",
                    sum(
                        ones(4).to_kind(if odd { Kind::Double } else { Kind::Int64 }),
                        ReduceOp::Sum,
                    ),
                ),
                (
                    "operation",
                    sum(ones(4), if odd { ReduceOp::Max } else { ReduceOp::Min }),
                ),
                ("root", group.broadcast(&mut ones(4), usize::from(odd))),
                (
                    "reduce to",
                    group.reduce(&mut ones(4), usize::from(odd), ReduceOp::Sum),
                ),
                (
                    "gather",
                    group.all_gather(&ones(if odd { 3 } else { 4 })).map(drop),
                ),
                (
                    "rows",
                    group.all_to_all(&ones(if odd { 3 } else { 6 })).map(drop),
                ),
                (
                    "dealt",
                    group
                        .reduce_scatter(&ones(if odd { 3 } else { 6 }), ReduceOp::Sum)
                        .map(drop),
                ),
                (
                    "call",
                    if odd {
                        group.all_gather(&ones(4)).map(drop)
                    } else {
                        sum(ones(4), ReduceOp::Sum)
                    },
                ),
            ];
            for (what, result) in all {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Mismatch, "{what}: {error}");
                assert!(error.to_string().contains("rank 2: "), "{what}: {error}");
            }
            // Nothing was done, and the group goes on.
            let mut tensor = Tensor::from(1.0);
            group.all_reduce(&mut tensor, ReduceOp::Sum).unwrap();
            assert_eq!(floats(&tensor), [3.0]);
        },
    );
}
