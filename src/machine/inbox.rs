//! What has arrived and was not read yet.

use super::{Entry, Payload, Queue};

/// The bounded queue between the browser and a stream.
#[derive(Debug)]
pub struct Inbox<P> {
    queue: Queue<Option<P>>,
    capacity: usize,
    overflowed: bool,
}

impl<P: Payload> Inbox<P> {
    /// An empty inbox. The capacity counts each message as its bytes plus 64.
    pub fn new(capacity: usize) -> Self {
        Self {
            queue: Queue::new(),
            capacity,
            overflowed: false,
        }
    }

    /// Keeps a message, or `None` for one that could not be read. Returns whether it fitted: when
    /// one does not, nothing after it is kept either, so that what is read has no hole.
    pub fn store(&mut self, payload: Option<P>) -> bool {
        let bytes = payload.as_ref().map_or(0, Payload::byte_len);
        let entry = Entry { payload, bytes };
        let cost = self.queue.cost().saturating_add(entry.cost());
        if self.overflowed || cost > self.capacity {
            self.overflowed = true;
            return false;
        }
        self.queue.push(entry);
        true
    }

    /// Takes the oldest message; `Some(None)` stands for one that could not be read.
    pub fn take(&mut self) -> Option<Option<P>> {
        self.queue.pop().map(|entry| entry.payload)
    }

    /// Whether something did not fit.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.queue.bytes()
    }
}
