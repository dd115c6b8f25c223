//! Values shared by reference: what `put` and a finished task hand out.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A value that tasks share without copying it: cloning an `Object` clones a reference.
///
/// The value lives until the last `Object` (and, for a task's value, the last
/// [`TaskRef`](super::TaskRef)) is gone.
pub struct Object<T: ?Sized> {
    id: u64,
    value: Arc<T>,
}

impl<T: ?Sized> Object<T> {
    pub(super) fn new(id: u64, value: Arc<T>) -> Self {
        Self { id, value }
    }

    /// The object's number, unique in its pool; for a task's value the task's number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The value as a plain `Arc`, still shared.
    pub fn into_arc(self) -> Arc<T> {
        self.value
    }
}

impl<T: ?Sized> Clone for Object<T> {
    fn clone(&self) -> Self {
        Self::new(self.id, Arc::clone(&self.value))
    }
}

impl<T: ?Sized> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Object<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("id", &self.id)
            .field("value", &&*self.value)
            .finish()
    }
}
