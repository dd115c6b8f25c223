//! Adam whose moments are dealt to the ranks.
//!
//! Belongs here: who moves which parameter, and the moments. Does not belong here: the arithmetic
//! of a step, which is [`AdamStep`]'s; gradients, which must be equal on all ranks already.

use tch::{Tensor, nn};

use crate::adam::{AdamStep, Moving};
use crate::error::{Error, ErrorKind, Result};
use crate::group::ProcessGroup;

const WHAT: &str = "an optimizer dealt to the ranks";

/// The moments of one parameter.
#[derive(Debug)]
pub struct AdamMoments {
    /// The running mean of its gradient.
    pub mean: Tensor,
    /// The running mean of its gradient's square.
    pub square: Tensor,
}

/// A parameter, and what this rank keeps of it.
#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    owner: usize,
    /// On the owner alone.
    moments: Option<AdamMoments>,
}

/// Adam for [`DistributedDataParallel`](crate::DistributedDataParallel), with the moments dealt to
/// the ranks: the counterpart of `ZeroRedundancyOptimizer(…, torch.optim.Adam)`, stage 1 of ZeRO
/// (Rajbhandari et al., 2020).
///
/// Every parameter has an owner, who alone keeps its two moments, moves it, and broadcasts it. So a
/// rank of W keeps about a W-th of the moments, which are twice as large as the model, and a step
/// costs a broadcast of the model. The parameters are those of Adam on every rank, bit for bit.
///
/// ```no_run
/// # fn main() -> torch_ddp::Result<()> {
/// # let (vars, group): (tch::nn::VarStore, torch_ddp::ProcessGroup) = todo!();
/// use torch_ddp::{AdamStep, ZeroRedundancyAdam};
///
/// let first = AdamStep { lr: 1e-3, ..AdamStep::default() };
/// let mut adam = ZeroRedundancyAdam::new(&vars, &group, first)?;
/// // In every step, after `ddp.backward(&loss)?`:
/// adam.step()?;
/// // For a checkpoint, on all ranks; rank 0 gets all moments.
/// let moments = adam.gather(0)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ZeroRedundancyAdam {
    group: ProcessGroup,
    slots: Vec<Slot>,
    next: AdamStep,
}

impl ZeroRedundancyAdam {
    /// Deals the trainable variables to the ranks of `group`, all of which have the same. `first`
    /// has the numbers of the next step.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when nothing is to be trained, or a parameter does not lie
    /// densely in memory.
    pub fn new(vars: &nn::VarStore, group: &ProcessGroup, first: AdamStep) -> Result<Self> {
        let mut named: Vec<(String, Tensor)> = vars
            .variables()
            .into_iter()
            .filter(|(_, variable)| variable.requires_grad())
            .collect();
        // tch keeps variables in a hash map, whose order differs between processes.
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        if named.is_empty() {
            return Err(refused("no variable of the VarStore requires a gradient"));
        }
        let sizes: Vec<usize> = named.iter().map(|(_, tensor)| tensor.numel()).collect();
        let owners = deal(&sizes, group.size());
        let slot = |((name, parameter), owner): ((String, Tensor), usize)| {
            let plain = parameter.detach();
            Slot {
                moments: (owner == group.rank()).then(|| AdamMoments {
                    mean: plain.zeros_like(),
                    square: plain.zeros_like(),
                }),
                name,
                parameter,
                owner,
            }
        };
        let slots: Vec<Slot> = named.into_iter().zip(owners).map(slot).collect();
        for slot in &slots {
            let _ = flat(&slot.parameter)?;
        }
        Ok(Self {
            group: group.clone(),
            slots,
            next: first,
        })
    }

    /// The numbers of the next step: its number counts up, and the learning rate may be changed
    /// between two steps, on all ranks alike.
    pub fn next_step(&mut self) -> &mut AdamStep {
        &mut self.next
    }

    /// Moves every parameter that has a gradient, on all ranks.
    ///
    /// # Errors
    /// When a number of the step is not what its description allows, or a rank is lost or late.
    /// Parameters may then be moved on some ranks and not on others.
    pub fn step(&mut self) -> Result<()> {
        let gradients: Vec<Tensor> = self
            .slots
            .iter()
            .map(|slot| slot.parameter.grad())
            .collect();
        let own: Vec<Moving<'_>> = self
            .slots
            .iter()
            .zip(&gradients)
            .filter(|(_, gradient)| gradient.defined())
            .filter_map(|(slot, gradient)| {
                let AdamMoments { mean, square } = slot.moments.as_ref()?;
                Some(Moving {
                    parameter: &slot.parameter,
                    gradient,
                    mean,
                    square,
                })
            })
            .collect();
        self.next.apply(&own)?;
        let mut pending = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let parameter = flat(&slot.parameter)?;
            pending.push(self.group.broadcast_async(parameter, slot.owner)?);
        }
        for one in pending {
            let _ = one.wait()?;
        }
        self.next.step += 1.0;
        Ok(())
    }

    /// The names of the parameters whose moments this rank keeps.
    pub fn owned(&self) -> impl Iterator<Item = &str> {
        let own = self.slots.iter().filter(|slot| slot.moments.is_some());
        own.map(|slot| slot.name.as_str())
    }

    /// Bytes of the moments that this rank keeps.
    pub fn state_bytes(&self) -> usize {
        let bytes = |moments: &AdamMoments| {
            2 * moments.mean.numel() * moments.mean.kind().elt_size_in_bytes()
        };
        let own = self.slots.iter().filter_map(|slot| slot.moments.as_ref());
        own.map(bytes).sum()
    }

    /// The moments of all parameters by name, on rank `root`; none on the others. For a checkpoint,
    /// which is then the same whatever the number of ranks is. All ranks call it. What
    /// `consolidate_state_dict` is in Python.
    ///
    /// # Errors
    /// When a rank is lost or late, or `root` is outside the group.
    pub fn gather(&self, root: usize) -> Result<Vec<(String, AdamMoments)>> {
        if root >= self.group.size() {
            let message = format!("rank {root} is outside a group of {}", self.group.size());
            return Err(Error::new(ErrorKind::InvalidArgument, WHAT, message));
        }
        let mut all = Vec::new();
        for slot in &self.slots {
            let own = slot.moments.as_ref();
            let mean = self.bring(slot, own.map(|own| &own.mean), root)?;
            let square = self.bring(slot, own.map(|own| &own.square), root)?;
            if let (Some(mean), Some(square)) = (mean, square) {
                all.push((slot.name.clone(), AdamMoments { mean, square }));
            }
        }
        Ok(all)
    }

    /// What the owner of a parameter has, on `root`.
    fn bring(&self, slot: &Slot, own: Option<&Tensor>, root: usize) -> Result<Option<Tensor>> {
        match (own, self.group.rank() == root) {
            (Some(own), true) => Ok(Some(own.copy())),
            (Some(own), false) => {
                self.group.send(&flat(own)?, root, TAG)?;
                Ok(None)
            }
            (None, true) => {
                let whole = slot.parameter.detach().empty_like();
                self.group.recv(&mut flat(&whole)?, slot.owner, TAG)?;
                Ok(Some(whole))
            }
            (None, false) => Ok(None),
        }
    }

    /// Takes moments over, such as those of a checkpoint, of which every rank uses its own. No rank
    /// needs another for it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when those of a parameter of this rank are missing or do not
    /// fit it.
    pub fn load(&mut self, all: &[(String, AdamMoments)]) -> Result<()> {
        for slot in &mut self.slots {
            let Some(own) = &mut slot.moments else {
                continue;
            };
            let known = all.iter().find(|(name, _)| *name == slot.name);
            let Some((_, given)) = known else {
                return Err(refused(&format!("there are no moments of `{}`", slot.name)));
            };
            for (own, given) in [
                (&mut own.mean, &given.mean),
                (&mut own.square, &given.square),
            ] {
                if own.size() != given.size() {
                    let message = format!("the moments of `{}` have another size", slot.name);
                    return Err(refused(&message));
                }
                own.copy_(given);
            }
        }
        Ok(())
    }
}

/// Messages of moments follow each other in the order of the parameters.
const TAG: u32 = 0x5a45;

fn refused(message: &str) -> Error {
    let message = format!("{message}; give what the model has, the same on every rank");
    Error::new(ErrorKind::InvalidArgument, WHAT, message)
}

/// A tensor's memory as one row, whatever its strides are.
fn flat(tensor: &Tensor) -> Result<Tensor> {
    let plain = tensor.detach();
    let (size, stride) = (plain.size(), plain.stride());
    // Dense: in the order of their strides, each dimension begins where the one before ends.
    let mut dimensions: Vec<(i64, i64)> = stride
        .into_iter()
        .zip(size)
        .filter(|(_, size)| *size != 1)
        .collect();
    dimensions.sort_unstable();
    let mut reach = 1;
    for (stride, size) in dimensions {
        if stride != reach {
            return Err(refused("a parameter does not lie densely in memory"));
        }
        reach *= size;
    }
    Ok(plain.as_strided([plain.numel().cast_signed() as i64], [1], None::<i64>))
}

/// Deals parameters of these sizes: the largest first, each to the rank that has least. All ranks
/// come to the same.
fn deal(sizes: &[usize], ranks: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(sizes[index]));
    let mut loads = vec![0; ranks];
    let mut owners = vec![0; sizes.len()];
    for index in order {
        let least = (0..ranks).min_by_key(|&rank| loads[rank]).unwrap_or(0);
        loads[least] += sizes[index];
        owners[index] = least;
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_dealt_evenly_and_all_of_them() {
        assert_eq!(deal(&[5, 1, 4, 2], 2), [0, 0, 1, 1]);
        assert_eq!(deal(&[5, 1], 3), [0, 1]);
        assert!(deal(&[], 3).is_empty());
    }
}
