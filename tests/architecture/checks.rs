//! The rules of the house that a machine can check. Each test says where a rule is broken and what
//! to do; [`known`] says how to list what cannot be mended yet.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

mod circles;
mod floors;
mod house;
mod keeper;
mod known;
mod labs;
mod names;
mod numbers;
mod pages;
mod sentences;
mod size;
mod types;
mod wrappers;

use keeper::check;
use known::settle;

#[test]
fn files_do_not_use_each_other_in_a_circle() {
    check(|house| {
        let arrows = circles::count(house);
        assert!(
            arrows > 500,
            "only {arrows} arrows between files were seen: the test looks in the wrong place"
        );
        settle(house, "circles", circles::TO_DO, circles::find(house));
    });
}

#[test]
fn crates_use_what_stands_below_them() {
    check(|house| settle(house, "floors", floors::TO_DO, floors::find(house)));
}

#[test]
fn functions_are_short() {
    let to_do = "look for the second idea in it, or say `// Long because …` above it";
    check(|house| settle(house, "functions", to_do, size::functions(house)));
}

#[test]
fn files_are_short() {
    let to_do = "look for the second idea in it, or say `// Long because …` at its top";
    check(|house| settle(house, "files", to_do, size::files(house)));
}

#[test]
fn lines_are_short() {
    let to_do = "wrap the comment, or let rustfmt wrap the code";
    check(|house| settle(house, "columns", to_do, size::columns(house)));
}

#[test]
fn the_product_reads_no_sentences() {
    check(|house| {
        let found = sentences::find(house);
        settle(house, "sentences", sentences::TO_DO, found);
    });
}

#[test]
fn general_crates_know_no_lab() {
    check(|house| settle(house, "labs", labs::TO_DO, labs::find(house)));
}

#[test]
fn a_name_stands_for_one_type() {
    check(|house| settle(house, "types", types::TO_DO, types::find(house)));
}

#[test]
fn numbers_that_are_written_can_be_read_back() {
    check(|house| settle(house, "numbers", numbers::TO_DO, numbers::find(house)));
}

#[test]
fn crates_open_with_a_page() {
    check(|house| settle(house, "pages", pages::TO_DO, pages::find(house)));
}

#[test]
fn wrappers_hand_every_method_on() {
    check(|house| {
        assert!(
            wrappers::count(house) >= 2,
            "labs set up by an assignment and labs with peers are wrappers: the test looks in the \
             wrong place"
        );
        settle(house, "wrappers", wrappers::TO_DO, wrappers::find(house));
    });
}

#[test]
fn no_test_is_left_out_without_a_word() {
    check(|house| {
        for each in &house.crates {
            assert!(
                each.left_out.is_empty(),
                "{}: {:?} require a feature: cargo leaves them out of all tests and says nothing. \
                 Let the package depend on itself with the feature, as a dev-dependency",
                each.dir,
                each.left_out
            );
        }
    });
}
