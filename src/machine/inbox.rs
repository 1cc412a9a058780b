//! What has arrived and was not read yet.

use crate::{InboxOverflow, Options};

use super::{Entry, Payload, Queue, Tag};

/// The bounded queue between the browser and a stream.
#[derive(Debug)]
pub struct Inbox<P> {
    queue: Queue<Option<P>>,
    capacity: usize,
    policy: InboxOverflow,
    overflowed: bool,
}

/// What became of messages when one was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It fitted.
    Kept,
    /// It took the place of one with the same key.
    Conflated,
    /// The oldest were thrown away for it, or it could never fit and was itself.
    DroppedOldest {
        /// How many were.
        dropped: u64,
        /// It took the place of one with the same key, too.
        conflated: bool,
    },
    /// It did not fit, and nothing will any more.
    Overflowed,
}

impl<P: Payload> Inbox<P> {
    /// An empty inbox. The capacity counts each message as its bytes plus 64.
    pub fn new(options: &Options) -> Self {
        Self {
            queue: Queue::new(),
            capacity: options.inbox_capacity,
            policy: options.inbox_overflow,
            overflowed: false,
        }
    }

    /// An empty inbox that knows keys.
    pub fn with_keys(options: &Options) -> Self {
        let mut inbox = Self::new(options);
        inbox.allow_keys();
        inbox
    }

    /// From now on messages may have keys.
    pub fn allow_keys(&mut self) {
        self.queue.allow_tags();
    }

    /// Keeps a message, or `None` for one that could not be read. When one does not fit and none
    /// may be thrown away, nothing after it is kept either, so that what is read has no hole.
    pub fn store(&mut self, payload: Option<P>, key: Option<Box<str>>) -> Stored {
        if self.overflowed {
            return Stored::Overflowed;
        }
        let bytes = payload.as_ref().map_or(0, Payload::byte_len);
        let mut entry = Entry::of(payload, bytes);
        entry.tag = key.map(|key| {
            Box::new(Tag {
                key: Some(key),
                ..Tag::default()
            })
        });
        if self.fits(&entry) {
            return match self.queue.push(entry) {
                Some(_) => Stored::Conflated,
                None => Stored::Kept,
            };
        }
        if self.policy == InboxOverflow::Close {
            self.overflowed = true;
            return Stored::Overflowed;
        }
        self.make_room(entry)
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

    fn fits(&self, entry: &Entry<Option<P>>) -> bool {
        let freed = self.queue.cost_of_replaced(entry).unwrap_or(0);
        let cost = self.queue.cost().saturating_add(entry.cost());
        cost <= self.capacity.saturating_add(freed)
    }

    fn make_room(&mut self, entry: Entry<Option<P>>) -> Stored {
        if entry.cost() > self.capacity {
            return Stored::DroppedOldest {
                dropped: 1,
                conflated: false,
            };
        }
        let mut dropped = 0;
        while !self.fits(&entry) {
            self.queue.pop();
            dropped += 1;
        }
        let conflated = self.queue.push(entry).is_some();
        Stored::DroppedOldest { dropped, conflated }
    }
}
