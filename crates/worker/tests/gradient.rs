//! The gradient of a batch does not depend on how many ranks share it.
#![allow(clippy::unwrap_used, clippy::cast_possible_wrap, reason = "a test")]

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tch::{Device, Tensor, nn};
use torch_ddp::{DdpOptions, DistributedDataParallel, GlooOptions, ProcessGroup, Store, TcpStore};
use workbench_ddp_protocol::{Model, Tuning};
use workbench_images::{ImageSource, Subset};
use workbench_worker::dataset::Dataset;
use workbench_worker::models::{self, Net};
use workbench_worker::parameters;
use workbench_worker::sampler::DistributedSampler;

const PATIENCE: Duration = Duration::from_secs(60);

/// The small CNN with always the same weights.
fn model(data: &Dataset) -> (nn::VarStore, Net) {
    let vars = nn::VarStore::new(Device::Cpu);
    let net = models::build((Model::Cnn, Tuning::default()), &vars.root(), data.shape()).unwrap();
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

/// The gradients of one of `world` ranks that share the first `rows` rows as a step.
fn rank(store: &Store, place: (u32, u32), rows: u64) -> Vec<Vec<f32>> {
    let data = data(rows);
    let options = GlooOptions::default().timeout(PATIENCE);
    let (rank, world) = (place.0 as usize, place.1 as usize);
    let group = ProcessGroup::gloo(store, rank, world, &options).unwrap();
    let (vars, net) = model(&data);
    let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap();
    let mut sampler = DistributedSampler::new(rows as usize, rank, world, 1);
    sampler.set_epoch(0);
    let step = sampler.batches(64, 0).next().unwrap();
    assert_eq!(step.share.rows_of_step, rows);
    let batch = data.batch(&step);
    let logits = ddp.forward(|| net.forward_t(&batch.images, true)).unwrap();
    let loss = logits.cross_entropy_for_logits(&batch.labels);
    ddp.backward(&batch.weighted(&loss)).unwrap();
    group.barrier().unwrap();
    gradients(&vars)
}

fn data(rows: u64) -> Dataset {
    let images = ImageSource::Embedded
        .load(Subset::Train, Some(rows as usize))
        .unwrap();
    Dataset::from_images(&images, Device::Cpu).unwrap()
}

#[test]
fn ranks_that_share_rows_have_the_gradient_of_one_that_has_all() {
    // Shared evenly; with a row more for rank 0; few rows, of which rank 2 takes none.
    for (world, rows) in [(2, 128), (2, 129), (3, 5)] {
        let (tell, told) = channel();
        let first = thread::spawn(move || {
            let store = TcpStore::server("localhost", 0, PATIENCE).unwrap();
            tell.send(store.port()).unwrap();
            rank(&store, (0, world), rows)
        });
        let port = told.recv().unwrap();
        let others = (1..world).map(|number| {
            thread::spawn(move || {
                let store = TcpStore::client("localhost", port, PATIENCE).unwrap();
                rank(&store, (number, world), rows)
            })
        });
        let others: Vec<_> = others.collect();
        let shared = first.join().unwrap();
        for other in others {
            assert_eq!(shared, other.join().unwrap(), "equal bit for bit");
        }

        let data = data(rows);
        let (vars, net) = model(&data);
        let (images, labels) = data.rows(&(0..rows as i64).collect::<Vec<i64>>());
        let logits = net.forward_t(&images, true);
        logits.cross_entropy_for_logits(&labels).backward();
        for (shared, alone) in shared.iter().zip(&gradients(&vars)) {
            let largest = alone
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            assert!(largest > 0.0);
            for (shared, alone) in shared.iter().zip(alone) {
                assert!(
                    (shared - alone).abs() <= 1e-5 * largest,
                    "{world} ranks, {rows} rows: {shared} and {alone}"
                );
            }
        }
    }
}
