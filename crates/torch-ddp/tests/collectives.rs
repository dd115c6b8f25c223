//! Every collective, on two to four processes, against values computed by hand.

mod common;

use std::time::Duration;

use common::on_ranks;
use tch::{Device, Kind, Tensor};
use torch_ddp::{ErrorKind, GlooOptions, ReduceOp};

fn floats(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1)).unwrap()
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
