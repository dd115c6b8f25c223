//! All of a model's variables, in an order and in bytes that are the same in every process.

use sha2::{Digest as _, Sha256};
use tch::{Kind, Tensor, nn};
use workbench_ddp_protocol::GradientFormat;

/// The variables by name, sorted: `VarStore` has them in a hash map, whose order differs between
/// processes.
pub fn sorted(vars: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut named: Vec<_> = vars.variables().into_iter().collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    named
}

/// Bytes of all gradients together, in the form in which they travel.
pub fn gradient_bytes(vars: &nn::VarStore, format: GradientFormat) -> u64 {
    let trainable = vars.trainable_variables();
    trainable
        .iter()
        .map(|variable| variable.numel() as u64 * format.bytes())
        .sum()
}

/// The elements of a tensor of floats.
pub fn floats(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor
        .detach()
        .to_device(tch::Device::Cpu)
        .to_kind(Kind::Float)
        .contiguous();
    let mut values = vec![0.0; tensor.numel()];
    let length = values.len();
    tensor.copy_data(&mut values, length);
    values
}

/// SHA-256 over all parameters, in the order of their names, as little-endian floats. What is not
/// trained, such as the running means of batch normalisation, has no part in it: each rank has its
/// own between two steps.
pub fn sha256(vars: &nn::VarStore) -> String {
    let mut hash = Sha256::new();
    let mut bytes = Vec::new();
    for (_, parameter) in sorted(vars).iter().filter(|(_, v)| v.requires_grad()) {
        bytes.clear();
        bytes.extend(floats(parameter).iter().flat_map(|v| v.to_le_bytes()));
        hash.update(&bytes);
    }
    hex(&hash.finalize())
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
