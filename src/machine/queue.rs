//! Messages in order, counted in bytes.

use std::collections::VecDeque;

use core::time::Duration;

use crate::options::OVERHEAD;

use super::key::Index;
use super::{Key, Payload};

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
    number: u64,
}

/// What only some messages have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// What a newer message must share to replace this one.
    pub key: Option<Key>,
    /// When it is worth nothing any more.
    pub expiry: Option<Duration>,
    /// Who wants to know what became of it.
    pub ticket: Option<Ticket>,
}

/// A message whose sender waits for its fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u32);

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

    fn key(&self) -> Option<&Key> {
        self.tag.as_ref()?.key.as_ref()
    }

    fn expiry(&self) -> Option<Duration> {
        self.tag.as_ref()?.expiry
    }

    fn has_expired(&self, now: Duration) -> bool {
        self.expiry().is_some_and(|expiry| expiry <= now)
    }
}

/// First in, first out. It holds what it is given: the limits are the caller's to ask for.
#[derive(Debug)]
pub struct Queue<P> {
    entries: VecDeque<Entry<P>>,
    bytes: usize,
    next_number: u64,
    /// Made by the first key.
    index: Option<Box<dyn Index>>,
    /// Nothing expires before; something may at this time.
    next_expiry: Option<Duration>,
    sweep: Option<Sweep<P>>,
}

/// Takes what has expired.
type Sweep<P> = fn(&mut Queue<P>, Duration) -> VecDeque<Entry<P>>;

impl<P> Queue<P> {
    /// An empty queue, without an allocation.
    pub const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            next_number: 0,
            index: None,
            next_expiry: None,
            sweep: None,
        }
    }

    /// Puts a message at the end; or, if there is one with the same key, in the place of that one,
    /// which comes back.
    pub fn push(&mut self, mut entry: Entry<P>) -> Option<Entry<P>> {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        self.next_expiry = earlier(self.next_expiry, entry.expiry());
        entry.number = self.next_number;
        let old = self.index_key(&entry);
        if let Some(place) = old.and_then(|number| self.find(number)) {
            entry.number = place.number;
            let old = core::mem::replace(place, entry);
            self.bytes = self.bytes.saturating_sub(old.bytes);
            return Some(old);
        }
        self.next_number += 1;
        self.entries.push_back(entry);
        None
    }

    /// Takes the oldest message.
    pub fn pop(&mut self) -> Option<Entry<P>> {
        let entry = self.entries.pop_front()?;
        self.forget(&entry);
        Some(entry)
    }

    /// From now on messages may expire. A queue without such messages does not link what finds them.
    pub fn allow_expiry(&mut self) {
        self.sweep = Some(Self::sweep);
    }

    /// Takes the messages that are worth nothing any more.
    pub fn take_expired(&mut self, now: Duration) -> VecDeque<Entry<P>> {
        match self.sweep {
            Some(sweep) if self.next_expiry.is_some_and(|expiry| expiry <= now) => sweep(self, now),
            _ => VecDeque::new(),
        }
    }

    fn sweep(&mut self, now: Duration) -> VecDeque<Entry<P>> {
        let all = core::mem::take(&mut self.entries);
        let (expired, kept) = all.into_iter().partition(|entry| entry.has_expired(now));
        self.entries = kept;
        for entry in &expired {
            self.forget(entry);
        }
        self.next_expiry = self.entries.iter().filter_map(Entry::expiry).min();
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
    pub fn cost_of_replaced(&mut self, entry: &Entry<P>) -> Option<usize> {
        let number = self.index.as_ref()?.get(entry.key()?.name())?;
        self.find(number).map(|entry| entry.cost())
    }

    /// No message is worth nothing before this time.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.next_expiry.filter(|_| !self.is_empty())
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

    /// The number of the message with the same key. If there is none, this one is remembered.
    fn index_key(&mut self, entry: &Entry<P>) -> Option<u64> {
        let key = entry.key()?;
        let index = self.index.get_or_insert_with(|| key.new_index());
        let old = index.get(key.name());
        if old.is_none() {
            index.insert(key.name(), entry.number);
        }
        old
    }

    /// The message with this number.
    fn find(&mut self, number: u64) -> Option<&mut Entry<P>> {
        let place = self.entries.partition_point(|entry| entry.number < number);
        self.entries.get_mut(place)
    }

    /// A message has left.
    fn forget(&mut self, entry: &Entry<P>) {
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        if let (Some(key), Some(index)) = (entry.key(), &mut self.index) {
            index.remove(key.name());
        }
    }
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// The earlier of two times, of which either may not be.
pub(super) fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
