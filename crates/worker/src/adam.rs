//! Adam (Kingma and Ba, 2015), with its state in the open.
//!
//! tch's optimizers keep their moments inside of libtorch, where nothing can save them; a resumed
//! training would then not be the interrupted one. The arithmetic is that of PyTorch's: β₁ = 0.9,
//! β₂ = 0.999, ε = 10⁻⁸, bias-corrected, no weight decay.

use tch::{Tensor, nn};
use torch_ddp::{AdamStep, Moving};

use crate::failure::Failure;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// What is kept of a parameter.
#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    /// Running mean of the gradient.
    mean: Tensor,
    /// Running mean of its square.
    square: Tensor,
}

/// The optimizer of all trainable variables of a `VarStore`, in the order of their names.
#[derive(Debug)]
pub struct Adam {
    slots: Vec<Slot>,
    lr: f64,
    steps: u64,
}

impl Adam {
    /// An optimizer that has seen nothing yet.
    pub fn new(vars: &nn::VarStore, lr: f64) -> Self {
        let mut slots: Vec<Slot> = vars
            .variables()
            .into_iter()
            .filter(|(_, variable)| variable.requires_grad())
            .map(|(name, variable)| {
                let parameter = variable.detach();
                Slot {
                    mean: parameter.zeros_like(),
                    square: parameter.zeros_like(),
                    // Shares memory with the variable, but not its gradient.
                    parameter: variable,
                    name,
                }
            })
            .collect();
        slots.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            slots,
            lr,
            steps: 0,
        }
    }

    /// Steps taken in all.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Says how many steps were taken before, after [`state`](Self::state) was filled.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// Sets all gradients to zero. Where a reducer holds them, use the reducer's.
    pub fn zero_grad(&mut self) {
        for slot in &mut self.slots {
            slot.parameter.zero_grad();
        }
    }

    /// Makes all parameters smaller by this share of the learning rate, as AdamW does before its
    /// step (Loshchilov and Hutter, 2019).
    pub fn decay(&mut self, weight_decay: f64) {
        if weight_decay == 0.0 {
            return;
        }
        let _no_grad = tch::no_grad_guard();
        for slot in &mut self.slots {
            let _ = slot.parameter.g_mul_scalar_(1.0 - self.lr * weight_decay);
        }
    }

    /// Moves every parameter that has a gradient.
    ///
    /// # Errors
    /// When a gradient does not fit its parameter.
    pub fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        let step = AdamStep {
            lr: self.lr,
            beta1: BETA1,
            beta2: BETA2,
            epsilon: EPSILON,
            // From there on the bias is gone in any case, and single precision counts no further.
            step: (self.steps as f64).min(16_777_216.0),
        };
        let gradients: Vec<Tensor> = self
            .slots
            .iter()
            .map(|slot| slot.parameter.grad())
            .collect();
        let all: Vec<Moving<'_>> = self
            .slots
            .iter()
            .zip(&gradients)
            .filter(|(_, gradient)| gradient.defined())
            .map(|(slot, gradient)| Moving {
                parameter: &slot.parameter,
                gradient,
                mean: &slot.mean,
                square: &slot.square,
            })
            .collect();
        step.apply(&all)?;
        Ok(())
    }

    /// The moments by name: `mean.` and `square.` before that of the parameter. They share memory
    /// with the optimizer.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let slot = |slot: &Slot| {
            [("mean", &slot.mean), ("square", &slot.square)]
                .map(|(what, tensor)| (format!("{what}.{}", slot.name), tensor.shallow_clone()))
        };
        self.slots.iter().flat_map(slot).collect()
    }
}

#[cfg(test)]
mod tests {
    use tch::nn::OptimizerConfig as _;
    use tch::{Device, Kind};

    use super::*;

    /// The same each time, whatever other tests draw from libtorch's generator meanwhile.
    fn fill(vars: &nn::VarStore) {
        let values = |count: i64| (Tensor::arange(count, (Kind::Float, Device::Cpu)) * 0.7).sin();
        let _ = vars.root().var_copy("x", &values(7000).reshape([1000, 7]));
        let _ = vars.root().var_copy("y", &values(3));
    }

    fn loss(vars: &nn::VarStore, scale: &Tensor) -> Tensor {
        let all = vars.variables();
        (&all["x"] * scale).square().sum(Kind::Float) + all["y"].abs().sum(Kind::Float)
    }

    #[test]
    fn weights_shrink_by_a_share_of_the_learning_rate() {
        let vars = nn::VarStore::new(Device::Cpu);
        fill(&vars);
        let before = vars.variables()["x"].detach().copy();
        let mut adam = Adam::new(&vars, 0.1);
        adam.decay(0.0);
        assert!(vars.variables()["x"].equal(&before));
        adam.decay(0.5);
        let apart = (&before * 0.95 - vars.variables()["x"].detach()).abs();
        assert!(apart.max().double_value(&[]) < 1e-6);
    }

    #[test]
    fn takes_the_steps_of_libtorchs_adam() {
        let stores = [(); 2].map(|()| {
            let vars = nn::VarStore::new(Device::Cpu);
            fill(&vars);
            vars
        });
        let scale = Tensor::rand([1000, 7], (Kind::Float, Device::Cpu));
        let mut theirs = nn::Adam::default().build(&stores[0], 1e-2).unwrap();
        let mut ours = Adam::new(&stores[1], 1e-2);
        for _ in 0..20 {
            theirs.backward_step(&loss(&stores[0], &scale));
            for mut variable in stores[1].trainable_variables() {
                variable.zero_grad();
            }
            loss(&stores[1], &scale).backward();
            ours.step().unwrap();
        }
        for name in ["x", "y"] {
            let [a, b] = [0, 1].map(|store: usize| stores[store].variables()[name].detach());
            let apart = (&a - &b).abs().max().double_value(&[]);
            assert!(apart < 2e-6, "{name} is apart by {apart}");
        }
        assert_eq!(ours.steps(), 20);
    }
}
