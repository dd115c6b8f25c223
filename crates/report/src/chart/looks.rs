//! How each arm looks, the same in every chart.

use super::marks::Marker;
use super::palette::Role;
use workbench_result::RunResult;

/// The colour of an arm: the base is grey, the others take the series colours in the lab's order.
pub(super) fn arm_role(result: &RunResult, name: &str) -> Role {
    arm_index(result, name).map_or(Role::Base, Role::Series)
}

/// The markers of lines in turn.
pub(super) const MARKERS: [Marker; 4] = [
    Marker::Circle,
    Marker::Square,
    Marker::Diamond,
    Marker::Triangle,
];

/// The marker of an arm, so that arms can be told apart without colour.
pub(super) fn arm_marker(result: &RunResult, name: &str) -> Marker {
    MARKERS[arm_index(result, name).unwrap_or(0) % MARKERS.len()]
}

/// The arm's place among those that are not the base; `None` for the base.
fn arm_index(result: &RunResult, name: &str) -> Option<usize> {
    if name == result.base {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for arm in &result.arms {
        if arm.name != result.base && !names.contains(&arm.name.as_str()) {
            names.push(&arm.name);
        }
    }
    names.iter().position(|known| *known == name)
}
