//! Stores within stores.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use std::ops::Deref;
use std::ptr;

use super::Store;
use crate::error::Result;
use crate::ffi;

/// A store within a store: every key gets a prefix, so that several users of one store do not meet.
#[derive(Debug, Clone)]
pub struct PrefixStore {
    store: Store,
}

impl PrefixStore {
    /// Puts `prefix` and a slash before every key of `inner`.
    ///
    /// # Errors
    /// Only for want of memory.
    pub fn new(prefix: &str, inner: &Store) -> Result<Self> {
        let mut raw = ptr::null_mut();
        ffi::check("make a prefix store", |message| {
            // SAFETY: `inner` outlives the call, and the new store holds a reference of its own to
            // it; `raw` is a place for the result.
            unsafe {
                ffi::tddp_store_prefix(
                    prefix.as_ptr(),
                    prefix.len(),
                    inner.as_ptr(),
                    &raw mut raw,
                    message,
                )
            }
        })?;
        Ok(Self {
            store: Store::from_raw(raw, inner.timeout, inner.prefix + prefix.len() + 1),
        })
    }
}

impl Deref for PrefixStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl From<PrefixStore> for Store {
    fn from(store: PrefixStore) -> Self {
        store.store
    }
}
