//! The gradient of a batch does not depend on how many ranks share it.
#![allow(clippy::unwrap_used, clippy::cast_possible_wrap, reason = "a test")]

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tch::{Device, Tensor, nn};
use torch_ddp::{DdpOptions, DistributedDataParallel, GlooOptions, ProcessGroup, Store, TcpStore};
use workbench_ddp_protocol::Model;
use workbench_images::{ImageSource, Split};
use workbench_worker::dataset::Dataset;
use workbench_worker::models::{self, Net};
use workbench_worker::parameters;

const PATIENCE: Duration = Duration::from_secs(60);

/// The small CNN with always the same weights.
fn model(data: &Dataset) -> (nn::VarStore, Net) {
    let vars = nn::VarStore::new(Device::Cpu);
    let net = models::build(Model::Cnn, &vars.root(), data.shape()).unwrap();
    let _no_grad = tch::no_grad_guard();
    for (place, (_, mut variable)) in parameters::sorted(&vars).into_iter().enumerate() {
        // libtorch's generator is shared by the threads of this test, so it decides nothing here.
        let wave = Tensor::arange(variable.numel() as i64, (tch::Kind::Float, Device::Cpu));
        let wave = ((wave * 0.7 + place as f64).sin() * 0.1).view(variable.size().as_slice());
        variable.copy_(&wave);
    }
    (vars, net)
}

fn gradients(vars: &nn::VarStore) -> Vec<Vec<f32>> {
    parameters::sorted(vars)
        .iter()
        .map(|(_, variable)| parameters::floats(&variable.grad()))
        .collect()
}

fn rank(store: &Store, rank: usize, data: &Dataset) -> Vec<Vec<f32>> {
    let options = GlooOptions::default().timeout(PATIENCE);
    let group = ProcessGroup::gloo(store, rank, 2, &options).unwrap();
    let (vars, net) = model(data);
    let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap();
    let rows: Vec<i64> = (0..128).skip(rank).step_by(2).collect();
    let batch = data.batch(&rows);
    let logits = ddp.forward(|| net.forward_t(&batch.images, true)).unwrap();
    ddp.backward(&logits.cross_entropy_for_logits(&batch.labels))
        .unwrap();
    group.barrier().unwrap();
    gradients(&vars)
}

#[test]
fn two_ranks_of_64_rows_have_the_gradient_of_one_of_128() {
    let load = || {
        let images = ImageSource::Embedded.load(Split::Train, Some(128)).unwrap();
        Dataset::from_images(&images, Device::Cpu).unwrap()
    };
    let (tell, told) = channel();
    let first = thread::spawn(move || {
        let store = TcpStore::server("localhost", 0, PATIENCE).unwrap();
        tell.send(store.port()).unwrap();
        rank(&store, 0, &load())
    });
    let port = told.recv().unwrap();
    let second = thread::spawn(move || {
        let store = TcpStore::client("localhost", port, PATIENCE).unwrap();
        rank(&store, 1, &load())
    });
    let shared = [first, second].map(|rank| rank.join().unwrap());
    assert_eq!(shared[0], shared[1], "equal bit for bit on both ranks");

    let data = load();
    let (vars, net) = model(&data);
    let batch = data.batch(&(0..128).collect::<Vec<i64>>());
    let logits = net.forward_t(&batch.images, true);
    logits.cross_entropy_for_logits(&batch.labels).backward();
    for (shared, alone) in shared[0].iter().zip(&gradients(&vars)) {
        let largest = alone
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest > 0.0);
        for (shared, alone) in shared.iter().zip(alone) {
            assert!(
                (shared - alone).abs() <= 1e-5 * largest,
                "{shared} and {alone}"
            );
        }
    }
}
