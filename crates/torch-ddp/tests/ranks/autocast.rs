//! Mixed precision: what computes in bfloat16, and that it ends with its scope.

use tch::{Device, Kind, Tensor};
use torch_ddp::autocast_bf16;

#[test]
fn products_are_bf16_inside_and_nowhere_else() {
    let weight = Tensor::ones([4, 4], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let input = Tensor::full([2, 4], 1.001, (Kind::Float, Device::Cpu));
    let product = || input.matmul(&weight);
    let inside = autocast_bf16(|| {
        let nested = autocast_bf16(product).unwrap();
        assert_eq!(nested.kind(), Kind::BFloat16);
        product()
    })
    .unwrap();
    assert_eq!(inside.kind(), Kind::BFloat16);
    assert_eq!(product().kind(), Kind::Float);
    // Parameters and gradients stay in single precision.
    inside.to_kind(Kind::Float).sum(Kind::Float).backward();
    assert_eq!(
        (weight.kind(), weight.grad().kind()),
        (Kind::Float, Kind::Float)
    );
    let panicked = std::panic::catch_unwind(|| autocast_bf16(|| panic!("inside")));
    assert!(panicked.is_err());
    assert_eq!(product().kind(), Kind::Float);
}
