//! What the figures and the data of a search are called, where the objective is not the usual one.

use workbench_experiment::lab::{DataDefinition, DataKind, LabDefinition};

use crate::trail;

/// The figures called as a program calls what it tells.
pub fn of_program(lab: &mut LabDefinition, metric: &str) {
    let best = "What the program told of the best trial, after its best unit.";
    let test = "What the program told as test when the best trial was trained once more.";
    rename(
        lab,
        metric,
        [best, "What the program told of a trial.", test],
    );
}

/// The figures of a network on images, and the images.
pub fn of_images(lab: &mut LabDefinition) {
    let best =
        "Mean cross entropy on the validation images of the best trial, after its best epoch.";
    let of_trial = "Mean cross entropy of a trial on the validation images.";
    let test =
        "Mean cross entropy of the chosen model on the test images, which are looked at once.";
    rename(lab, "loss", [best, of_trial, test]);
    lab.takes_data = Some(DataDefinition {
        kind: DataKind::Folder,
        title: "Folder of images".to_owned(),
        expects:
            "a folder with the four IDX files of MNIST or its kin (also .gz), with CIFAR's files \
                  or its archive, or with a folder of PNG files for each class"
                .to_owned(),
        missing_values: false,
        text_target: false,
    });
}

/// Calls the best, that of each trial and that of the test rows by the name of a metric.
fn rename(lab: &mut LabDefinition, metric: &str, meanings: [&str; 3]) {
    let [best, of_trial, test] = meanings;
    for figure in &mut lab.figures {
        let (label, meaning) = match figure.name.as_str() {
            trail::BEST => (format!("best {metric}"), best),
            trail::LOSS => (metric.to_owned(), of_trial),
            "test_mse" => (format!("test {metric}"), test),
            _ => continue,
        };
        (figure.label, figure.meaning) = (label, meaning.to_owned());
    }
}
