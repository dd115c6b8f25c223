//! Any text as a scenario of simulated GPUs: figures that are finite at any time, or a message of
//! one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_nvml_sim::scenario::Scenario;

fuzz_target!(|input: &str| {
    match Scenario::parse(input) {
        Ok(scenario) => {
            assert!(scenario.gpus.len() <= 64);
            for (place, gpu) in scenario.gpus.iter().enumerate() {
                for figure in [gpu.busy, gpu.power_w, gpu.temperature_c].into_iter().flatten() {
                    for seconds in [0.0, 0.5, 86_400.0] {
                        assert!(figure.at(seconds, place).is_finite());
                    }
                }
            }
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.contains('\n'));
        }
    }
});
