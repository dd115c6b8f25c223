//! What is said where CUDA, NCCL or a GPU is missing, and NCCL itself where none is.
//!
//! The same tests run in every set-up and expect of each what belongs to it. With a libtorch for
//! the CPU (the lean set-up) CUDA cannot be loaded; with the whole one on a machine without a GPU
//! all is loaded and libtorch finds no GPU; with GPUs the tests at the end train. `LD_LIBRARY_PATH`
//! with the `lib` folder of a whole libtorch 2.11 turns one into the other without building anew.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::{Process, exit, on_ranks};
use tch::{Device, Kind, Tensor};
use torch_ddp::{
    DdpOptions, DistributedDataParallel, ErrorKind, NcclOptions, ProcessGroup, ReduceOp, Store,
    TcpStore, cuda,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// What this process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetUp {
    /// libtorch for the CPU.
    Lean,
    /// libtorch with CUDA, and no GPU.
    NoGpu,
    /// So many GPUs.
    Gpus(usize),
}

/// Where the dynamic linker found libtorch, and not what the crate says about it.
fn libtorch() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"));
    let path = line.unwrap();
    PathBuf::from(&path[path.find('/').unwrap()..])
}

fn set_up() -> SetUp {
    if !libtorch().with_file_name("libtorch_cuda.so").exists() {
        return SetUp::Lean;
    }
    let nodes = fs::read_dir("/dev").unwrap().flatten();
    let cards = nodes.filter(|node| {
        let name = node.file_name();
        name.to_string_lossy()
            .strip_prefix("nvidia")
            .is_some_and(|number| number.parse::<u32>().is_ok())
    });
    match cards.count() {
        0 => SetUp::NoGpu,
        count => SetUp::Gpus(count),
    }
}

fn store() -> Store {
    TcpStore::server("localhost", 0, PATIENCE).unwrap().into()
}

fn options(device: usize) -> NcclOptions {
    NcclOptions::new(device).timeout(PATIENCE)
}

#[test]
fn cuda_is_loaded_or_said_to_be_missing() {
    let loaded = cuda::load();
    match set_up() {
        SetUp::Lean => {
            let error = loaded.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            let told = error.to_string();
            let folder = libtorch().parent().unwrap().display().to_string();
            for part in ["libtorch_cuda.so", &folder, "for the CPU alone"] {
                assert!(told.contains(part), "{told}");
            }
            assert_eq!(cuda::device_count().unwrap_err().to_string(), told);
        }
        SetUp::NoGpu => {
            loaded.unwrap();
            assert_eq!(cuda::device_count().unwrap(), 0);
            let error = cuda::set_device(0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(
                error
                    .to_string()
                    .contains("cuda:0 is not there; libtorch sees 0 GPUs")
            );
            assert_eq!(
                cuda::Mark::new(0).unwrap_err().kind(),
                ErrorKind::Unavailable
            );
        }
        SetUp::Gpus(_) => {
            loaded.unwrap();
            let count = cuda::device_count().unwrap();
            assert!(count > 0);
            assert!(cuda::set_device(count).is_err());
            cuda::set_device(count - 1).unwrap();
        }
    }
}

#[test]
fn cuda_that_comes_too_late_is_said_to() {
    // In a process of its own: libtorch looks once.
    on_ranks("cuda_that_comes_too_late_is_said_to", 1, |_| {
        assert_eq!(tch::Cuda::device_count(), 0);
        let error = cuda::load().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let expected = match set_up() {
            SetUp::Lean => "for the CPU alone",
            _ => "call torch_ddp::cuda::load before all else",
        };
        assert!(error.to_string().contains(expected), "{error}");
    });
}

#[test]
fn a_group_that_cannot_be_is_an_error_at_once() {
    // The other rank never comes: what is missing here is found before anybody is waited for.
    let error = match set_up() {
        SetUp::Gpus(count) => ProcessGroup::nccl(&store(), 0, 2, &options(count)).unwrap_err(),
        _ => ProcessGroup::nccl(&store(), 0, 2, &options(0)).unwrap_err(),
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let told = error.to_string();
    let expected = match set_up() {
        _ if !cuda::has_nccl() => "built without NCCL",
        SetUp::Lean => "for the CPU alone",
        // libtorch's own words.
        SetUp::NoGpu => "ProcessGroupNCCL is only supported with GPUs, no GPUs found!",
        SetUp::Gpus(_) => "is not there; libtorch sees",
    };
    assert!(told.contains(expected), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_gloo_group_is_not_touched_by_it() {
    let group = ProcessGroup::gloo(&store(), 0, 1, &torch_ddp::GlooOptions::default()).unwrap();
    let _ = cuda::load();
    assert_eq!(group.device(), Device::Cpu);
    group.check().unwrap();
    let mut tensor = Tensor::from_slice(&[1.0, 2.0]);
    group.all_reduce(&mut tensor, ReduceOp::Sum).unwrap();
    assert_eq!(Vec::<f64>::try_from(&tensor).unwrap(), [1.0, 2.0]);
}

/// Runs `body` on as many processes as there are GPUs, at most two; on none where there is none.
fn on_gpus(test: &str, body: impl FnOnce(&Process, &ProcessGroup)) {
    let SetUp::Gpus(count) = set_up() else {
        return;
    };
    on_ranks(test, count.min(2), |rank| {
        cuda::set_device(rank.rank).unwrap();
        let store = rank.store("nccl");
        let group = ProcessGroup::nccl(&store, rank.rank, rank.size, &options(rank.rank)).unwrap();
        body(&rank, &group);
    });
}

#[test]
fn collectives_on_gpus() {
    on_gpus("collectives_on_gpus", |rank, group| {
        let here = group.device();
        let own = |value: i64| Tensor::full([3], value, (Kind::Float, here));
        let values =
            |tensor: &Tensor| Vec::<f32>::try_from(&tensor.to_device(Device::Cpu)).unwrap();
        let all = rank.count() as f32;

        let mut sum = own(1);
        group.all_reduce(&mut sum, ReduceOp::Sum).unwrap();
        assert_eq!(values(&sum), [all; 3]);
        let mut first = own(rank.number() + 7);
        group.broadcast(&mut first, 0).unwrap();
        assert_eq!(values(&first), [7.0; 3]);
        let gathered = group.all_gather(&own(rank.number())).unwrap();
        for (number, tensor) in gathered.iter().enumerate() {
            assert_eq!(values(tensor), [number as f32; 3]);
        }
        // On the CPU beside it.
        let mut host = Tensor::from_slice(&[1.0_f32]);
        group.all_reduce(&mut host, ReduceOp::Sum).unwrap();
        assert_eq!(values(&host), [all]);
        group.monitored_barrier().unwrap();
        let pending = group.all_reduce_async(own(2), ReduceOp::Max).unwrap();
        assert_eq!(values(&pending.wait().unwrap()), [2.0; 3]);
        // What NCCL cannot do is an error, and the group goes on.
        assert!(group.all_reduce(&mut own(1), ReduceOp::BitXor).is_err());
        group.barrier().unwrap();
        group.check().unwrap();
    });
}

#[test]
fn gradients_are_averaged_on_gpus() {
    on_gpus("gradients_are_averaged_on_gpus", |rank, group| {
        tch::manual_seed(rank.number());
        let vars = tch::nn::VarStore::new(group.device());
        let net = tch::nn::linear(vars.root(), 2, 1, tch::nn::LinearConfig::default());
        let options = DdpOptions::default().gradient_as_bucket_view(true);
        let mut ddp = DistributedDataParallel::new(&vars, group, options).unwrap();
        for step in 0..3 {
            ddp.zero_grad().unwrap();
            let rows = Tensor::full([4, 2], rank.number() + step, (Kind::Float, group.device()));
            let loss = ddp.forward(|| rows.apply(&net)).unwrap().mean(Kind::Float);
            ddp.backward(&loss).unwrap();
            let timings = ddp.timings().unwrap();
            assert!(timings.communication.is_some(), "{timings:?}");
        }
        // Of the mean of w·x over rows of r + 2, over ranks 0 to n − 1.
        let expected = 2.0 + (rank.count() - 1) as f64 / 2.0;
        let mean = net.ws.grad().mean(Kind::Float).double_value(&[]);
        assert!((mean - expected).abs() < 1e-5, "{mean}");
        group.barrier().unwrap();
    });
}

#[test]
fn a_rank_that_does_not_come_is_a_timeout_on_gpus() {
    on_gpus(
        "a_rank_that_does_not_come_is_a_timeout_on_gpus",
        |rank, group| {
            if rank.size < 2 {
                return;
            }
            if rank.rank == 0 {
                let quick = group.with_timeout(Duration::from_millis(500));
                let mut tensor = Tensor::ones([2], (Kind::Float, group.device()));
                let error = quick.all_reduce(&mut tensor, ReduceOp::Sum).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
                // The communicator is given up: nothing goes through it any more, and that is said.
                assert!(group.check().is_err());
                assert!(group.barrier().is_err());
            }
            rank.meet("after the timeout");
        },
    );
}

#[test]
fn a_group_that_was_given_up_says_so_on_gpus() {
    on_gpus(
        "a_group_that_was_given_up_says_so_on_gpus",
        |rank, group| {
            group.abort().unwrap();
            let error = group.barrier().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
            let mut host = Tensor::from_slice(&[1.0_f32]);
            if rank.size > 1 {
                assert!(group.all_reduce(&mut host, ReduceOp::Sum).is_err());
            }
            // Dropping it after that must not wait for anybody.
            exit(rank);
        },
    );
}
