//! The key-value store through which processes find each other.
//!
//! Belongs here: stores and their operations. Does not belong here: what the keys mean.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

mod limits;
mod prefix;
mod probe;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Deref;
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, ptr, slice};

use crate::error::{Error, ErrorKind, Result};
use crate::ffi;

pub use limits::{MOST_KEY_BYTES, MOST_VALUE_BYTES};
pub use prefix::PrefixStore;

use limits::doing;

/// What is left to libtorch at least when a store has just answered.
const LEAST: Duration = Duration::from_millis(200);

/// An owned `tddp_store`.
struct Handle(*mut ffi::Store);

// SAFETY: the object behind the pointer is an intrusive_ptr to a c10d::Store, never assigned after
// it was made. A TCPStore locks a mutex of its own (activeOpLock_) in every operation, a
// PrefixStore has only constant fields besides its inner store, and the count of references is
// atomic. Options that c10d would change without a lock (setTimeout) are not offered.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the shim, is owned by this handle alone, and is not used
        // after this.
        unsafe { ffi::tddp_store_free(self.0) }
    }
}

/// Any store: what [`TcpStore`] and [`PrefixStore`] have in common. Cloning makes another handle to
/// the same store.
///
/// Keys and values are bytes. Reading operations wait for their key until the store's timeout is
/// over. Operations of one store take turns: while one thread waits in [`get`](Self::get), the
/// others wait too.
#[derive(Clone)]
pub struct Store {
    handle: Arc<Handle>,
    timeout: Duration,
    /// Bytes that are put before every key.
    prefix: usize,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Store {
    fn from_raw(raw: *mut ffi::Store, timeout: Duration, prefix: usize) -> Self {
        Self {
            handle: Arc::new(Handle(raw)),
            timeout,
            prefix,
        }
    }

    fn check_size(&self, what: &str, key: &str, values: &[&[u8]]) -> Result<()> {
        limits::check(what, key.len() + self.prefix, values)
    }

    pub(crate) fn as_ptr(&self) -> *const ffi::Store {
        self.handle.0
    }

    /// How long operations of this store wait for a key.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sets a key to a value, in place of an older one. The key may have up to [`MOST_KEY_BYTES`],
    /// the value up to [`MOST_VALUE_BYTES`]; either may be empty.
    ///
    /// Returns when the value has been sent. A server on a busy machine may answer another client
    /// before it reads it; whoever relies on the order asks for the key afterwards
    /// ([`contains`](Self::contains)), which this store's server answers after it has the value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when either is longer; otherwise when the server cannot be
    /// reached.
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let value = value.as_ref();
        self.check_size("store.set", key, &[value])?;
        ffi::check(&doing("store.set", key), |message| {
            // SAFETY: the store lives as long as `self`; both byte strings are borrowed for the
            // call, which copies them.
            unsafe {
                ffi::tddp_store_set(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    value.as_ptr(),
                    value.len(),
                    message,
                )
            }
        })
    }

    /// The value of a key; waits until somebody sets it.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when nobody sets it in time; otherwise when the server cannot be
    /// reached.
    pub fn get(&self, key: &str) -> Result<Vec<u8>> {
        let (mut data, mut length) = (ptr::null_mut(), 0);
        self.check_size("store.get", key, &[])?;
        ffi::check(&doing("store.get", key), |message| {
            // SAFETY: the store and the key outlive the call; `data` and `length` are places for
            // the result.
            unsafe {
                ffi::tddp_store_get(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    &raw mut data,
                    &raw mut length,
                    message,
                )
            }
        })?;
        Ok(take_bytes(data, length))
    }

    /// Sets a key to `desired` if its value is `expected`, or if `expected` is empty and the key
    /// has no value. Returns the value that the key has afterwards; of a key that is not there and
    /// is not set, `expected`.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn compare_set(
        &self,
        key: &str,
        expected: impl AsRef<[u8]>,
        desired: impl AsRef<[u8]>,
    ) -> Result<Vec<u8>> {
        let (expected, desired) = (expected.as_ref(), desired.as_ref());
        self.check_size("store.compare_set", key, &[expected, desired])?;
        let (mut data, mut length) = (ptr::null_mut(), 0);
        ffi::check(&doing("store.compare_set", key), |message| {
            // SAFETY: the store and all byte strings outlive the call; `data` and `length` are
            // places for the result.
            unsafe {
                ffi::tddp_store_compare_set(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    expected.as_ptr(),
                    expected.len(),
                    desired.as_ptr(),
                    desired.len(),
                    &raw mut data,
                    &raw mut length,
                    message,
                )
            }
        })?;
        Ok(take_bytes(data, length))
    }

    /// Adds to a counter, which begins at 0, and returns the sum.
    ///
    /// # Errors
    /// When the server cannot be reached, or the key holds something other than a number.
    pub fn add(&self, key: &str, amount: i64) -> Result<i64> {
        let mut sum = 0;
        self.check_size("store.add", key, &[])?;
        ffi::check(&doing("store.add", key), |message| {
            // SAFETY: the store and the key outlive the call; `sum` is a place for the result.
            unsafe {
                ffi::tddp_store_add(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    amount,
                    &raw mut sum,
                    message,
                )
            }
        })?;
        Ok(sum)
    }

    /// Deletes a key and tells whether it was there.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn delete(&self, key: &str) -> Result<bool> {
        let mut deleted = 0;
        self.check_size("store.delete", key, &[])?;
        ffi::check(&doing("store.delete", key), |message| {
            // SAFETY: the store and the key outlive the call; `deleted` is a place for the result.
            unsafe {
                ffi::tddp_store_delete(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    &raw mut deleted,
                    message,
                )
            }
        })?;
        Ok(deleted != 0)
    }

    /// Whether a key has a value; does not wait.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn contains(&self, key: &str) -> Result<bool> {
        let mut present = 0;
        self.check_size("store.contains", key, &[])?;
        ffi::check(&doing("store.contains", key), |message| {
            // SAFETY: the store and the key outlive the call; `present` is a place for the result.
            unsafe {
                ffi::tddp_store_check(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    &raw mut present,
                    message,
                )
            }
        })?;
        Ok(present != 0)
    }

    /// How many keys there are, those of other users of the same server and the server's own
    /// included.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn num_keys(&self) -> Result<usize> {
        let mut count = 0;
        ffi::check("store.num_keys", |message| {
            // SAFETY: the store outlives the call; `count` is a place for the result.
            unsafe { ffi::tddp_store_num_keys(self.as_ptr(), &raw mut count, message) }
        })?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Waits until a key has a value.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when nobody sets it in `timeout`; otherwise when the server cannot be
    /// reached.
    pub fn wait(&self, key: &str, timeout: Duration) -> Result<()> {
        self.check_size("store.wait", key, &[])?;
        ffi::check(&doing("store.wait", key), |message| {
            // SAFETY: the store and the key outlive the call.
            unsafe {
                ffi::tddp_store_wait(
                    self.as_ptr(),
                    key.as_ptr(),
                    key.len(),
                    milliseconds(timeout),
                    message,
                )
            }
        })
    }
}

/// A store that one process serves over TCP and the others connect to.
///
/// It has no authentication: whoever reaches the port can read and write. A server on a loopback
/// address listens there alone, any other listens on all of the machine's addresses.
#[derive(Debug, Clone)]
pub struct TcpStore {
    store: Store,
    host: String,
    port: u16,
}

impl TcpStore {
    /// Serves a store on `port` of this machine, or on any free port when `port` is 0;
    /// [`port`](Self::port) tells which. `host` is the name or address under which the other
    /// processes reach this machine. The server lives as long as any handle to this store, process
    /// groups included.
    ///
    /// # Errors
    /// [`ErrorKind::AddressInUse`] when the port is taken.
    pub fn server(host: &str, port: u16, timeout: Duration) -> Result<Self> {
        let what = format!("serve a store on {host}:{port}");
        let Some(address) = loopback(host) else {
            return Self::open(&what, host, port, true, -1, timeout);
        };
        // c10d would listen on every address of the machine; here nobody outside needs to reach it.
        let listener = TcpListener::bind(SocketAddr::new(address, port)).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::AddrInUse => ErrorKind::AddressInUse,
                _ => ErrorKind::Connection,
            };
            Error::new(
                kind,
                &what,
                format!("{error}; give another port, or 0 for any free one"),
            )
        })?;
        Self::server_on(listener, &address.to_string(), timeout)
    }

    /// Serves a store on a socket that listens already, which the server takes over. A launcher
    /// that opened it has known the port all the time, and nobody else could take it. `host` as in
    /// [`server`](Self::server).
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] when the socket has no address, or the server cannot be started.
    pub fn server_on(listener: TcpListener, host: &str, timeout: Duration) -> Result<Self> {
        let what = format!("serve a store on {host}");
        let port = listener
            .local_addr()
            .map_err(|error| connection(&what, &error))?
            .port();
        let what = format!("{what}:{port}");
        // The server takes the socket over and closes it. Where it cannot be made, who closes is
        // not known: a descriptor that stays open then is better than one that is closed twice.
        let descriptor = listener.into_raw_fd();
        Self::open(&what, host, port, true, descriptor, timeout)
    }

    /// Connects to the store that another process serves, waiting for it to come up until `timeout`
    /// is over.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when no store answers in time, whether nobody listens there or
    /// somebody who says nothing; [`ErrorKind::Connection`] when the server goes away again.
    pub fn client(host: &str, port: u16, timeout: Duration) -> Result<Self> {
        let what = format!("connect to the store on {host}:{port}");
        if port == 0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                &what,
                "port 0 is no address; give the server's port",
            ));
        }
        let address = loopback(host).map_or_else(|| host.to_owned(), |address| address.to_string());
        let began = Instant::now();
        let why = match probe::await_store(&address, port, timeout) {
            probe::Answered::Store => {
                let left = timeout.saturating_sub(began.elapsed());
                return Self::open(&what, &address, port, false, -1, left.max(LEAST));
            }
            probe::Answered::Other => {
                "somebody listens there, but does not answer as a store does".to_owned()
            }
            probe::Answered::Nobody(said) => format!("nobody answers there ({said})"),
        };
        let message = format!("{why}, for {timeout:?}; check address and port");
        Err(Error::new(ErrorKind::Timeout, &what, message))
    }

    fn open(
        what: &str,
        host: &str,
        port: u16,
        is_server: bool,
        listen_fd: i32,
        timeout: Duration,
    ) -> Result<Self> {
        let (mut raw, mut actual_port) = (ptr::null_mut(), 0);
        ffi::check(what, |message| {
            // SAFETY: `host` is borrowed for the call, which copies it; `raw` and `actual_port` are
            // places for the result. A descriptor, where there is one, is open and listens.
            unsafe {
                ffi::tddp_store_tcp(
                    host.as_ptr(),
                    host.len(),
                    port,
                    i32::from(is_server),
                    listen_fd,
                    milliseconds(timeout),
                    &raw mut raw,
                    &raw mut actual_port,
                    message,
                )
            }
        })?;
        let store = Store::from_raw(raw, timeout, 1);
        Ok(Self {
            store,
            host: host.to_owned(),
            port: actual_port,
        })
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host that the server was given, or that the client connected to.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl Deref for TcpStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl From<TcpStore> for Store {
    fn from(store: TcpStore) -> Self {
        store.store
    }
}

/// Whole milliseconds, at least one, since c10d takes 0 for "no limit", and at most 24 days, since
/// parts of it count in 32 bits.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .clamp(1, i64::from(i32::MAX))
}

fn connection(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Connection, what, error.to_string())
}

/// The address of a host that is this machine and nothing else.
fn loopback(host: &str) -> Option<IpAddr> {
    if host == "localhost" {
        return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    host.parse().ok().filter(IpAddr::is_loopback)
}

/// Copies bytes that the shim gave and frees them.
fn take_bytes(data: *mut u8, length: usize) -> Vec<u8> {
    if data.is_null() {
        return Vec::new();
    }
    // SAFETY: after a call that succeeded `data` points to `length` bytes that are ours until they
    // are freed, once, below.
    let bytes = unsafe { slice::from_raw_parts(data, length) }.to_vec();
    // SAFETY: as above; nothing refers to `data` after this.
    unsafe { ffi::tddp_bytes_free(data) };
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_are_bound_to() {
        assert_eq!(loopback("localhost"), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(loopback("127.0.0.2"), "127.0.0.2".parse().ok());
        assert_eq!(loopback("::1"), "::1".parse().ok());
        assert_eq!(loopback("10.0.0.1"), None);
        assert_eq!(loopback("node7"), None);
    }

    #[test]
    fn no_timeout_turns_into_no_limit() {
        assert_eq!(milliseconds(Duration::ZERO), 1);
        assert_eq!(milliseconds(Duration::from_micros(10)), 1);
        assert_eq!(milliseconds(Duration::from_secs(2)), 2000);
        assert_eq!(milliseconds(Duration::MAX), i64::from(i32::MAX));
    }
}
