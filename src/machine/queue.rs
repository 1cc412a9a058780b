//! The send queue: messages in order, counted in bytes.

use std::collections::VecDeque;

use crate::options::OVERHEAD;

use super::Payload;

/// A message with its length, measured once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<P> {
    /// The message.
    pub payload: P,
    /// Its bytes on the wire.
    pub bytes: usize,
}

impl<P: Payload> Entry<P> {
    /// Measures a message.
    pub fn new(payload: P) -> Self {
        let bytes = payload.byte_len();
        Self { payload, bytes }
    }
}

impl<P> Entry<P> {
    /// What the message counts against a capacity.
    pub fn cost(&self) -> usize {
        self.bytes.saturating_add(OVERHEAD)
    }
}

/// First in, first out. It holds what it is given: the limits are the caller's to ask for.
#[derive(Debug)]
pub struct Queue<P> {
    entries: VecDeque<Entry<P>>,
    bytes: usize,
}

impl<P> Queue<P> {
    /// An empty queue, without an allocation.
    pub const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Puts a message at the end.
    pub fn push(&mut self, entry: Entry<P>) {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        self.entries.push_back(entry);
    }

    /// Takes the oldest message.
    pub fn pop(&mut self) -> Option<Entry<P>> {
        let entry = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        Some(entry)
    }

    /// Throws everything away, memory included, and says how many messages there were.
    pub fn clear(&mut self) -> usize {
        let count = self.entries.len();
        *self = Self::new();
        count
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the waiting messages count against a capacity.
    pub fn cost(&self) -> usize {
        let overhead = self.entries.len().saturating_mul(OVERHEAD);
        self.bytes.saturating_add(overhead)
    }
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self::new()
    }
}
