//! The rules of the house that a machine can check. Each test reads the sources afresh and says
//! where a rule is broken and what to do; [`known`] says how to list what cannot be mended yet.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod circles;
mod floors;
mod house;
mod known;
mod labs;
mod names;
mod numbers;
mod pages;
mod sentences;
mod size;
mod types;
mod wrappers;

use house::House;
use known::settle;

#[test]
fn files_do_not_use_each_other_in_a_circle() {
    let house = House::read();
    let arrows = circles::count(&house);
    assert!(
        arrows > 500,
        "only {arrows} arrows between files were seen: the test looks in the wrong place"
    );
    settle(&house, "circles", circles::TO_DO, circles::find(&house));
}

#[test]
fn crates_use_what_stands_below_them() {
    let house = House::read();
    settle(&house, "floors", floors::TO_DO, floors::find(&house));
}

#[test]
fn functions_are_short() {
    let house = House::read();
    let to_do = "look for the second idea in it, or say `// Long because …` above it";
    settle(&house, "functions", to_do, size::functions(&house));
}

#[test]
fn files_are_short() {
    let house = House::read();
    let to_do = "look for the second idea in it, or say `// Long because …` at its top";
    settle(&house, "files", to_do, size::files(&house));
}

#[test]
fn lines_are_short() {
    let house = House::read();
    let to_do = "wrap the comment, or let rustfmt wrap the code";
    settle(&house, "columns", to_do, size::columns(&house));
}

#[test]
fn the_product_reads_no_sentences() {
    let house = House::read();
    settle(
        &house,
        "sentences",
        sentences::TO_DO,
        sentences::find(&house),
    );
}

#[test]
fn general_crates_know_no_lab() {
    let house = House::read();
    settle(&house, "labs", labs::TO_DO, labs::find(&house));
}

#[test]
fn a_name_stands_for_one_type() {
    let house = House::read();
    settle(&house, "types", types::TO_DO, types::find(&house));
}

#[test]
fn numbers_that_are_written_can_be_read_back() {
    let house = House::read();
    settle(&house, "numbers", numbers::TO_DO, numbers::find(&house));
}

#[test]
fn crates_open_with_a_page() {
    let house = House::read();
    settle(&house, "pages", pages::TO_DO, pages::find(&house));
}

#[test]
fn wrappers_hand_every_method_on() {
    let house = House::read();
    assert!(
        wrappers::count(&house) >= 2,
        "labs set up by an assignment and labs with peers are wrappers: the test looks in the wrong place"
    );
    settle(&house, "wrappers", wrappers::TO_DO, wrappers::find(&house));
}

#[test]
fn no_test_is_left_out_without_a_word() {
    for each in &House::read().crates {
        assert!(
            each.left_out.is_empty(),
            "{}: {:?} require a feature: cargo leaves them out of all tests and says nothing. Let \
             the package depend on itself with the feature, as a dev-dependency",
            each.dir,
            each.left_out
        );
    }
}
