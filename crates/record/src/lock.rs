//! Locks on files, also where the file system has none, as many home directories on NFS.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// What came of asking for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It is held now.
    Held,
    /// Another process holds it.
    Taken,
    /// The file system has no locks, so nobody can tell.
    Unsupported,
}

impl Lock {
    /// Asks for an exclusive lock, which is held until the file is closed.
    ///
    /// # Errors
    /// What the operating system says, unless that is that there are no locks.
    pub fn exclusive(file: &File) -> io::Result<Self> {
        Self::of(file.try_lock())
    }

    /// Asks for a shared lock.
    ///
    /// # Errors
    /// As [`Lock::exclusive`].
    pub fn shared(file: &File) -> io::Result<Self> {
        Self::of(file.try_lock_shared())
    }

    fn of(asked: Result<(), TryLockError>) -> io::Result<Self> {
        match asked {
            Ok(()) => Ok(Self::Held),
            Err(TryLockError::WouldBlock) => Ok(Self::Taken),
            Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(Self::Unsupported),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    // What file systems without locks, or without their lock daemon, answer.
    const CODES: [Errno; 4] = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP];
    error.kind() == ErrorKind::Unsupported
        || Errno::from_io_error(error).is_some_and(|code| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Errno) -> io::Result<Lock> {
        Lock::of(Err(TryLockError::Error(code.into())))
    }

    #[test]
    fn a_file_system_without_locks_is_no_error() {
        for code in [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP] {
            assert_eq!(refused(code).unwrap(), Lock::Unsupported, "{code:?}");
        }
        let unsupported = Lock::of(Err(TryLockError::Error(ErrorKind::Unsupported.into())));
        assert_eq!(unsupported.unwrap(), Lock::Unsupported);
        assert!(refused(Errno::IO).is_err());
    }

    #[test]
    fn a_lock_is_held_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = File::open(file.path()).unwrap();
        assert_eq!(Lock::exclusive(file.as_file()).unwrap(), Lock::Held);
        assert_eq!(Lock::exclusive(&other).unwrap(), Lock::Taken);
        assert_eq!(Lock::shared(&other).unwrap(), Lock::Taken);
    }
}
