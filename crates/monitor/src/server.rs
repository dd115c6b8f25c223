//! Serves the figures to programs on this machine, over HTTP.
//!
//! One request at a time, read in a bounded time and size, and nothing is done but reading: there
//! is no account to ask for, so only addresses of this machine itself are taken.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use thiserror::Error;

/// The longest request.
const LONGEST: usize = 8 << 10;
/// How long a request may take to come in, and its answer to go out.
const PATIENCE: Duration = Duration::from_secs(2);
/// From a connection that could not be taken to the next try.
const PAUSE: Duration = Duration::from_millis(100);

/// An address that others could reach.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("{0} can be reached from other machines; give an address such as 127.0.0.1:9900")]
pub struct NotLoopback(SocketAddr);

/// Serves the latest figures until it is dropped.
#[derive(Debug)]
pub struct MetricsServer {
    latest: Arc<Mutex<Arc<str>>>,
    address: SocketAddr,
    ended: Arc<AtomicBool>,
}

impl MetricsServer {
    /// Whether an address is of this machine alone.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(address: SocketAddr) -> Result<(), NotLoopback> {
        address
            .ip()
            .is_loopback()
            .then_some(())
            .ok_or(NotLoopback(address))
    }

    /// Starts to serve at an address of this machine; port 0 takes any that is free.
    ///
    /// # Errors
    /// When others could reach it, it is taken, or no thread can be started.
    pub fn start(address: SocketAddr) -> io::Result<Self> {
        let checked = Self::check(address);
        checked.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let latest: Arc<Mutex<Arc<str>>> = Arc::new(Mutex::new(Arc::from("")));
        let ended = Arc::new(AtomicBool::new(false));
        let (texts, end) = (Arc::clone(&latest), Arc::clone(&ended));
        thread::Builder::new()
            .name("workbench-metrics".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if end.load(Ordering::Acquire) {
                        return;
                    }
                    let Ok(stream) = stream else {
                        // What is missing, such as a free file descriptor, is missing for a while.
                        thread::sleep(PAUSE);
                        continue;
                    };
                    let text = Arc::clone(&texts.lock());
                    // A reader that is gone is nobody's trouble.
                    let _ = answer(stream, &text);
                }
            })?;
        Ok(Self {
            latest,
            address,
            ended,
        })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves this text from now on.
    pub fn publish(&self, text: String) {
        *self.latest.lock() = text.into();
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        // Wakes the thread up.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
    }
}

fn answer(mut stream: TcpStream, text: &str) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < LONGEST {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => break,
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
    let asked = Asked::of(&request);
    let (status, body) = match asked {
        Asked::Metrics => ("200 OK", text),
        Asked::Elsewhere => ("404 Not Found", "the figures are at /metrics\n"),
        Asked::Otherwise => ("405 Method Not Allowed", "only GET is answered\n"),
        Asked::Nothing => ("400 Bad Request", "this is no request\n"),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Metrics,
    Elsewhere,
    Otherwise,
    Nothing,
}

impl Asked {
    fn of(request: &[u8]) -> Self {
        let end = request.iter().position(|byte| *byte == b'\r').unwrap_or(0);
        let mut words = request[..end].split(|byte| *byte == b' ');
        match (words.next(), words.next(), words.next()) {
            (Some(b"GET"), Some(b"/metrics" | b"/"), Some(_)) => Self::Metrics,
            (Some(b"GET"), Some(_), Some(_)) => Self::Elsewhere,
            (Some(_), Some(_), Some(_)) => Self::Otherwise,
            _ => Self::Nothing,
        }
    }
}
