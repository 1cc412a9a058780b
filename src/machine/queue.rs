//! Messages in order, counted in bytes.

use std::collections::VecDeque;

use core::time::Duration;

use crate::options::OVERHEAD;

use super::tags::{Tagged, Tags};
use super::{Payload, Tag, Ticket};

/// A message with its length, measured once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<P> {
    /// The message.
    pub payload: P,
    /// Its bytes on the wire.
    pub bytes: usize,
    /// What else is known of it. Most messages have none.
    pub tag: Option<Box<Tag>>,
    /// Its place in the queue: numbers only rise.
    pub(super) number: u64,
}

impl<P: Payload> Entry<P> {
    /// Measures a message.
    pub fn new(payload: P) -> Self {
        let bytes = payload.byte_len();
        Self::of(payload, bytes)
    }
}

impl<P> Entry<P> {
    /// A message of known length.
    pub(super) const fn of(payload: P, bytes: usize) -> Self {
        Self {
            payload,
            bytes,
            tag: None,
            number: 0,
        }
    }

    /// What the message counts against a capacity.
    pub fn cost(&self) -> usize {
        self.bytes.saturating_add(OVERHEAD)
    }

    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.tag.as_ref()?.ticket
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.tag.as_ref()?.key.as_deref()
    }

    pub(super) fn expiry(&self) -> Option<Duration> {
        self.tag.as_ref()?.expiry
    }
}

/// First in, first out. It holds what it is given: the limits are the caller's to ask for.
#[derive(Debug)]
pub struct Queue<P> {
    entries: VecDeque<Entry<P>>,
    bytes: usize,
    next_number: u64,
    tagged: Option<Box<dyn Tagged<P>>>,
}

impl<P> Queue<P> {
    /// An empty queue, without an allocation.
    pub const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            next_number: 0,
            tagged: None,
        }
    }

    /// From now on messages may have tags.
    pub fn allow_tags(&mut self) {
        self.tagged.get_or_insert_with(|| Box::new(Tags::default()));
    }

    /// Puts a message at the end; or, if there is one with the same key, in the place of that one,
    /// which comes back.
    pub fn push(&mut self, mut entry: Entry<P>) -> Option<Entry<P>> {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        entry.number = self.next_number;
        self.next_number += 1;
        let Some(tagged) = &mut self.tagged else {
            self.entries.push_back(entry);
            return None;
        };
        let replaced = tagged.push(&mut self.entries, entry)?;
        self.bytes = self.bytes.saturating_sub(replaced.bytes);
        Some(replaced)
    }

    /// Takes the oldest message.
    pub fn pop(&mut self) -> Option<Entry<P>> {
        let entry = self.entries.pop_front()?;
        self.forget(&entry);
        Some(entry)
    }

    /// Takes the messages that are worth nothing any more.
    pub fn take_expired(&mut self, now: Duration) -> Vec<Entry<P>> {
        let Some(tagged) = &mut self.tagged else {
            return Vec::new();
        };
        let expired = tagged.take_expired(&mut self.entries, now);
        for entry in &expired {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
        expired
    }

    /// Takes the message that somebody waits for.
    pub fn remove(&mut self, ticket: Ticket) -> Option<Entry<P>> {
        let ours = |entry: &Entry<P>| entry.ticket() == Some(ticket);
        let place = self.entries.iter().position(ours)?;
        let entry = self.entries.remove(place)?;
        self.forget(&entry);
        Some(entry)
    }

    /// What the message that this one would replace counts against a capacity.
    pub fn cost_of_replaced(&self, entry: &Entry<P>) -> Option<usize> {
        let replaced = self.tagged.as_ref()?.replaced(&self.entries, entry)?;
        Some(replaced.cost())
    }

    /// No message is worth nothing before this time.
    pub fn next_expiry(&self) -> Option<Duration> {
        let next = self.tagged.as_ref()?.next_expiry();
        next.filter(|_| !self.is_empty())
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

    fn forget(&mut self, entry: &Entry<P>) {
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        if let Some(tagged) = &mut self.tagged {
            tagged.forget(entry);
        }
    }
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self::new()
    }
}
