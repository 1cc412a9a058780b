//! A TCP stream that is read at a given rate, so that the rest stays with the sender.

use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Unlimited until a rate is set.
pub(crate) struct Paced {
    stream: TcpStream,
    pace: Option<Pace>,
}

struct Pace {
    rate: u64,
    /// When the next bytes may be read.
    next: Instant,
}

impl Paced {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, pace: None }
    }

    /// From now on so many bytes a second.
    pub(crate) fn set_rate(&mut self, rate: u64) {
        let next = Instant::now();
        self.pace = Some(Pace { rate, next });
    }
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(pace) = &mut self.pace else {
            return self.stream.read(buffer);
        };
        thread::sleep(pace.next.saturating_duration_since(Instant::now()));
        let some = pace.share().min(buffer.len());
        let count = self.stream.read(&mut buffer[..some])?;
        pace.count(count);
        Ok(count)
    }
}

impl Pace {
    /// How much is read at a time.
    fn share(&self) -> usize {
        (self.rate / SHARES_PER_SECOND).max(1) as usize
    }

    /// Time in which nothing came is not made up for.
    fn count(&mut self, bytes: usize) {
        let nanoseconds = bytes as u64 * 1_000_000_000 / self.rate;
        self.next = self.next.max(Instant::now() - SLACK) + Duration::from_nanos(nanoseconds);
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

const SHARES_PER_SECOND: u64 = 100;

/// What a thread that wakes late may catch up on.
const SLACK: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    use std::net::TcpListener;

    #[test]
    fn a_rate_is_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut paced = Paced::new(listener.accept().unwrap().0);
        paced.set_rate(100_000);
        sender.write_all(&[0; 20_000]).unwrap();
        let began = Instant::now();
        paced.read_exact(&mut [0; 20_000]).unwrap();
        // Only from below: a busy machine may take longer.
        assert!(began.elapsed() >= Duration::from_millis(120));
    }
}
