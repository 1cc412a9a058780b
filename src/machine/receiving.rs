//! What arrives, and what is kept of it.

use core::time::Duration;

use crate::CloseCode;

use super::inbox::Stored;
use super::{Event, Generation, Inbox, Machine, Payload};

impl<P: Payload> Machine<P> {
    /// The browser's `message`.
    pub fn handle_message(&mut self, generation: Generation, payload: P) {
        if self.is_live(generation) {
            self.counts.messages_received += 1;
            self.counts.bytes_received += payload.byte_len() as u64;
            self.tell(Event::Message(payload));
        }
    }

    /// A `message` whose data is neither text nor an `ArrayBuffer`.
    pub fn handle_unreadable(&mut self, generation: Generation) {
        if self.is_live(generation) {
            self.counts.messages_unreadable += 1;
            self.tell(Event::Unreadable);
        }
    }

    /// Keeps what arrives from now on. Returns whether nobody else did already.
    pub fn open_inbox(&mut self) -> bool {
        let free = self.inbox.is_none();
        if free {
            self.inbox = Some((self.new_inbox)(&self.options));
        }
        free
    }

    /// From now on a message may take the place of an older one that has the same key.
    pub fn conflate(&mut self) {
        self.new_inbox = Inbox::with_keys;
        if let Some(inbox) = &mut self.inbox {
            inbox.allow_keys();
        }
    }

    /// Throws away what was kept, and keeps nothing any more.
    pub fn close_inbox(&mut self) {
        self.inbox = None;
    }

    /// Keeps a message that was told, if there is an inbox; `None` stands for one that could not be
    /// read. With a key it takes the place of the one that has the same, after [`Self::conflate`].
    ///
    /// # Errors
    ///
    /// [`InboxFull`] when it did not fit: the caller calls [`Self::overflow`], once.
    pub fn store(&mut self, payload: Option<P>, key: Option<Box<str>>) -> Result<(), InboxFull> {
        let Some(inbox) = &mut self.inbox else {
            return Ok(());
        };
        let first = !inbox.has_overflowed();
        match inbox.store(payload, key) {
            Stored::Kept => {}
            Stored::Conflated => self.counts.messages_conflated += 1,
            Stored::DroppedOldest { dropped, conflated } => {
                self.counts.messages_overflowed += dropped;
                self.counts.messages_conflated += u64::from(conflated);
            }
            Stored::Overflowed => {
                self.counts.messages_overflowed += 1;
                if first {
                    return Err(InboxFull);
                }
            }
        }
        Ok(())
    }

    /// The inbox is full: ends the connection with 4009.
    pub fn overflow(&mut self, now: Duration) {
        self.close(CloseCode::OVERFLOW.into(), now);
    }

    /// Takes the oldest message that was kept; `Some(None)` stands for one that could not be read.
    pub fn take_message(&mut self) -> Option<Option<P>> {
        self.inbox.as_mut()?.take()
    }
}

/// A message that arrived did not fit into the inbox, and the policy is to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxFull;
