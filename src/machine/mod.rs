//! The pure machine: it decides, and does nothing.
//!
//! No browser, no clock, no randomness, no shared pointers, no async. Time comes in as a `Duration`
//! since any fixed start, and what the browser holds comes in as a number. Method names tell their
//! kind:
//!
//! * `handle_*`: what happened, from the browser or from a timer;
//! * plain verbs (`send`, `close`, …): what the application asks for;
//! * `poll_*`: what has to be done now;
//! * the rest: getters.
//!
//! After every call of the first two kinds, [`Machine::poll_transmit`] is drained at once, and after
//! one of the first also [`Machine::poll_event`], by the outermost caller and with nothing borrowed.
//! Then [`Machine::poll_timeout`] says when to call [`Machine::handle_timeout`].
//!
//! Every connection has a [`Generation`], which comes back with each of its events; those of any
//! other connection are ignored.
//!
//! This module is public for the project's own tests only; it is no part of the stable interface.

mod closing;
mod gate;
mod inbox;
mod ladder;
mod lifecycle;
mod limit;
mod queue;
mod receiving;
mod sending;
mod stall;
mod state;
mod tags;
mod view;

pub use self::gate::Gate;
pub use self::inbox::{Inbox, Stored};
pub use self::ladder::{Ladder, Rate};
pub use self::lifecycle::{Machine, Outcome, Room};
pub use self::limit::{Limit, TokenBucket};
pub use self::queue::{Entry, Queue};
pub use self::receiving::InboxFull;
pub use self::tags::{Tag, Ticket};

use core::time::Duration;

use crate::{
    CloseEvent, CloseFrame, DrainEvent, DropCause, DropEvent, ErrorEvent, OpenEvent, TapEvent,
};

/// What is sent and received. The machine looks at its size only, and copies it only for those who
/// hear of drops.
pub trait Payload: Clone {
    /// The length on the wire in bytes; text as UTF-8.
    fn byte_len(&self) -> usize;
}

/// Which of a machine's connections something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(pub u32);

/// What has to be done with the browser's socket, at once and in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit<P> {
    /// Open a connection under this generation.
    Open(Generation),
    /// Hand a message over, then call [`Machine::handle_transmitted`] or
    /// [`Machine::handle_refused`].
    Message(Entry<P>),
    /// Start the closing handshake.
    Close(CloseFrame),
    /// Stop listening and make sure that the socket is closed; nothing more of it is wanted.
    Abandon,
}

/// What the application hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<P> {
    /// The connection is open.
    Open(OpenEvent),
    /// A message arrived.
    Message(P),
    /// Several messages arrived, for a handler that takes them together.
    Messages(Vec<P>),
    /// A message arrived that could not be read; a stream hears of it in its place.
    Unreadable,
    /// Something went wrong; a close follows if the connection is lost.
    Error(ErrorEvent),
    /// There is room again after a message was queued.
    Drain(DrainEvent),
    /// A message that had been accepted will not be sent.
    Drop(DropEvent<P>),
    /// Something happened inside.
    Tap(TapEvent),
    /// The connection has ended. Nothing follows.
    Close(CloseEvent),
}

/// Which events somebody listens for, of those that are not told unless somebody does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hears {
    /// [`Event::Drop`].
    pub drops: bool,
    /// [`Event::Tap`].
    pub tap: bool,
}

/// What became of a message whose sender may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// It goes to the browser now.
    Sent,
    /// It waits.
    Waits(Ticket),
}

/// What became of a message that waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate<P> {
    /// It was handed to the browser.
    Sent,
    /// It was dropped, and comes back.
    Dropped(P, DropCause),
}

/// Who waits for `bufferedAmount` to fall, beside what the machine knows itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// A sender waits for room.
    pub room: bool,
    /// Somebody listens for [`Event::Drain`].
    pub drain: bool,
    /// Somebody waits until `bufferedAmount` is 0.
    pub drained: bool,
}

/// When to wake, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timeout {
    /// When, in the same time as everything else.
    pub at: Duration,
    /// By what.
    pub wake: Wake,
    /// For how long `bufferedAmount` will not have moved by then, if that is what it is about.
    /// Otherwise for ever: no effort is worth while to be in time.
    pub idle: Duration,
}

impl Timeout {
    pub(crate) const fn timer(at: Duration) -> Self {
        Self {
            at,
            wake: Wake::Timer,
            idle: Duration::MAX,
        }
    }
}

/// By what to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// As soon as the event loop turns: a `MessageChannel`, 5–110 µs.
    Tick,
    /// By a timer.
    Timer,
}
