//! What only some messages have: a key, an end of life, somebody who waits for their fate.

use std::collections::{BTreeMap, VecDeque};

use core::fmt::Debug;
use core::time::Duration;

use super::Entry;

/// What is known of such a message beside its payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// What a newer message must share to replace this one.
    pub key: Option<Box<str>>,
    /// When it is worth nothing any more.
    pub expiry: Option<Duration>,
    /// Who wants to know what became of it.
    pub ticket: Option<Ticket>,
}

/// A message whose sender waits for its fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u32);

/// What a queue does for messages with tags. A trait, so that an application without them does not
/// link it.
pub(super) trait Tagged<P>: Debug {
    /// Puts a message in the place of the one with the same key, which comes back; if there is none,
    /// at the end.
    fn push(&mut self, entries: &mut VecDeque<Entry<P>>, entry: Entry<P>) -> Option<Entry<P>>;

    /// The message that this one would replace.
    fn replaced<'q>(
        &self,
        entries: &'q VecDeque<Entry<P>>,
        entry: &Entry<P>,
    ) -> Option<&'q Entry<P>>;

    /// A message has left the queue.
    fn forget(&mut self, entry: &Entry<P>);

    /// Takes the messages that are worth nothing any more.
    fn take_expired(&mut self, entries: &mut VecDeque<Entry<P>>, now: Duration) -> Vec<Entry<P>>;

    /// No message is worth nothing before this time.
    fn next_expiry(&self) -> Option<Duration>;
}

/// Where the keys are, and when something may expire.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// The numbers of the messages with keys.
    keys: BTreeMap<Box<str>, u64>,
    next_expiry: Option<Duration>,
}

impl<P> Tagged<P> for Tags {
    fn push(&mut self, entries: &mut VecDeque<Entry<P>>, mut entry: Entry<P>) -> Option<Entry<P>> {
        self.next_expiry = earlier(self.next_expiry, entry.expiry());
        let Some(key) = entry.key() else {
            entries.push_back(entry);
            return None;
        };
        let number = self.keys.get(key).copied();
        match number.and_then(|number| entries.get_mut(place(entries, number))) {
            Some(place) => {
                entry.number = place.number;
                Some(core::mem::replace(place, entry))
            }
            None => {
                self.keys.insert(key.into(), entry.number);
                entries.push_back(entry);
                None
            }
        }
    }

    fn replaced<'q>(
        &self,
        entries: &'q VecDeque<Entry<P>>,
        entry: &Entry<P>,
    ) -> Option<&'q Entry<P>> {
        let number = self.keys.get(entry.key()?)?;
        entries.get(place(entries, *number))
    }

    fn forget(&mut self, entry: &Entry<P>) {
        if let Some(key) = entry.key() {
            self.keys.remove(key);
        }
    }

    fn take_expired(&mut self, entries: &mut VecDeque<Entry<P>>, now: Duration) -> Vec<Entry<P>> {
        if self.next_expiry.is_none_or(|expiry| expiry > now) {
            return Vec::new();
        }
        let mut expired = Vec::new();
        for entry in core::mem::take(entries) {
            if entry.expiry().is_some_and(|expiry| expiry <= now) {
                Tagged::<P>::forget(self, &entry);
                expired.push(entry);
            } else {
                entries.push_back(entry);
            }
        }
        self.next_expiry = entries.iter().filter_map(Entry::expiry).min();
        expired
    }

    fn next_expiry(&self) -> Option<Duration> {
        self.next_expiry
    }
}

/// Where the message with this number is: numbers only rise.
fn place<P>(entries: &VecDeque<Entry<P>>, number: u64) -> usize {
    entries.partition_point(|entry| entry.number < number)
}

/// The earlier of two times, of which either may not be.
pub(super) fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
