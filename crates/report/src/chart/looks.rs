//! How each arm looks, the same in every chart.

use super::marks::Marker;
use super::palette::Role;
use workbench_result::RunResult;

/// The colour of an arm: the base is grey, the others take the series colours by their place among
/// the arms of the run.
pub(super) fn arm_role(result: &RunResult, name: &str) -> Role {
    let place = result.arm_place(name);
    place.checked_sub(1).map_or(Role::Base, Role::Series)
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
    MARKERS[result.arm_place(name).saturating_sub(1) % MARKERS.len()]
}
