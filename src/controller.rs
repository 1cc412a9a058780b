//! The weak form of a handle.

use std::rc::Rc;

use crate::driver::Driver;
use crate::future::Closed;
use crate::{CloseFrame, Message, ReadyState, Stats};

/// Watches and closes a socket without keeping it alive. From
/// [`WebSocket::controller`](crate::WebSocket::controller).
///
/// # Examples
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let stream = sluicegate::connect("wss://example.com/feed").await?;
/// let controller = stream.socket().controller();
/// let (sender, receiver) = stream.into_split();
/// // … both halves move into tasks of their own …
/// controller.close();
/// println!("{}", controller.closed().await);
/// # drop((sender, receiver));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Controller {
    driver: Rc<Driver<Message>>,
}

impl Controller {
    pub(crate) fn new(driver: &Rc<Driver<Message>>) -> Self {
        Self {
            driver: driver.clone(),
        }
    }

    /// Where the connection stands; CLOSED once the last handle is dropped.
    pub fn ready_state(&self) -> ReadyState {
        self.driver.ready_state()
    }

    /// What the socket has done and holds.
    pub fn stats(&self) -> Stats {
        self.driver.stats()
    }

    /// Closes with 1000, as [`WebSocket::close`](crate::WebSocket::close).
    pub fn close(&self) {
        self.close_with(CloseFrame::default());
    }

    /// Closes as [`WebSocket::close_with`](crate::WebSocket::close_with).
    pub fn close_with(&self, frame: impl Into<CloseFrame>) {
        self.driver.close(frame.into());
    }

    /// Waits for the close event. If the last handle is dropped first, it resolves with 1006.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub fn closed(&self) -> Closed {
        Closed::new(&self.driver)
    }
}
