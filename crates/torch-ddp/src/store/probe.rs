//! Asking whether a store answers, before libtorch connects to it.
//!
//! libtorch's client checks its timeout only between tries: whoever accepts a connection and then
//! says nothing (another program, a server that was stopped) would keep it waiting without end. So
//! this sends what libtorch's client sends first, and waits for the answer with a deadline. It also
//! tries more often: a client that is a millisecond ahead of its server, as of two processes that
//! start together one is, would lose half a second and more.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::thread;
use std::time::{Duration, Instant};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// `VALIDATE` and its number, then `PING`, as in c10d's TCPStoreBackend.hpp. What follows is sent
/// back.
const GREETING: [u8; 6] = [0, 0xce, 0xf7, 0x85, 0x3c, 13];
const NONCE: [u8; 4] = *b"ddp?";

/// Who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    /// A store.
    Store,
    /// Somebody who accepts connections and does not answer as a store does.
    Other,
    /// Nobody; what the system said last.
    Nobody(String),
}

/// Waits until a store answers there, or the time is over.
pub(super) fn await_store(host: &str, port: u16, timeout: Duration) -> Answered {
    let began = Instant::now();
    let mut said = "no address".to_owned();
    let mut other = false;
    while let Some(left) = timeout.checked_sub(began.elapsed()) {
        let addresses = (host, port).to_socket_addrs();
        if let Err(error) = &addresses {
            said = error.to_string();
        }
        for address in addresses.into_iter().flatten() {
            let step = left.clamp(PAUSE, Duration::from_secs(1));
            let tried = TcpStream::connect_timeout(&address, step).and_then(|connection| {
                let left = timeout.saturating_sub(began.elapsed());
                greet(connection, left.max(PAUSE))
            });
            match tried {
                Ok(true) => return Answered::Store,
                Ok(false) => other = true,
                // Also where it was closed again, by a server that comes up or goes down.
                Err(error) => said = error.to_string(),
            }
        }
        thread::sleep(PAUSE);
    }
    if other {
        Answered::Other
    } else {
        Answered::Nobody(said)
    }
}

/// Whether the other end answers as a store does, in time.
fn greet(mut connection: TcpStream, timeout: Duration) -> io::Result<bool> {
    connection.set_write_timeout(Some(timeout))?;
    connection.set_read_timeout(Some(timeout))?;
    connection.write_all(&[&GREETING[..], &NONCE].concat())?;
    let mut answer = [0; NONCE.len()];
    match connection.read_exact(&mut answer) {
        Ok(()) => Ok(answer == NONCE),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
