//! What a forward pass may return.

use tch::Tensor;

/// The outputs of a forward pass: a tensor, or several in a tuple, an array, a list or an option.
///
/// The reducer searches them for the graph, so implement it for a type of your own such that it
/// lists every tensor a loss may be computed from.
pub trait Outputs {
    /// All tensors in it.
    fn tensors(&self) -> Vec<&Tensor>;
}

impl Outputs for Tensor {
    fn tensors(&self) -> Vec<&Tensor> {
        vec![self]
    }
}

impl<T: Outputs> Outputs for Vec<T> {
    fn tensors(&self) -> Vec<&Tensor> {
        self.iter().flat_map(Outputs::tensors).collect()
    }
}

impl<T: Outputs, const N: usize> Outputs for [T; N] {
    fn tensors(&self) -> Vec<&Tensor> {
        self.iter().flat_map(Outputs::tensors).collect()
    }
}

impl<T: Outputs> Outputs for Option<T> {
    fn tensors(&self) -> Vec<&Tensor> {
        self.iter().flat_map(Outputs::tensors).collect()
    }
}

impl<A: Outputs, B: Outputs> Outputs for (A, B) {
    fn tensors(&self) -> Vec<&Tensor> {
        [self.0.tensors(), self.1.tensors()].concat()
    }
}

impl<A: Outputs, B: Outputs, C: Outputs> Outputs for (A, B, C) {
    fn tensors(&self) -> Vec<&Tensor> {
        [self.0.tensors(), self.1.tensors(), self.2.tensors()].concat()
    }
}
