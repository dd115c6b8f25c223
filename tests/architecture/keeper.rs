//! Reads the house once for all tests: syntax trees stay in the thread that parsed them, so the
//! checks go there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::house::House;

const UNREAD: &str = "the house could not be read: see above";

type Check = Box<dyn FnOnce(&House) + Send>;

static KEEPER: LazyLock<Sender<Check>> = LazyLock::new(|| {
    let (sender, checks) = channel::<Check>();
    thread::spawn(move || {
        let house = House::read();
        for check in checks {
            check(&house);
        }
    });
    sender
});

/// Checks the house. What a check says when it fails is said again here: the keeper's output is
/// that of the first test.
pub fn check(check: impl FnOnce(&House) + Send + 'static) {
    let (sender, checked) = channel();
    let check: Check = Box::new(move |house| {
        let checked = catch_unwind(AssertUnwindSafe(|| check(house)));
        let _ = sender.send(checked);
    });
    KEEPER.send(check).expect(UNREAD);
    match checked.recv().expect(UNREAD) {
        Ok(()) => {}
        Err(panic) => match panic.downcast::<String>() {
            Ok(text) => panic!("{text}"),
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}
