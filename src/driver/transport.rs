//! The seam between the driver and whatever carries messages.

use std::any::Any;
use std::rc::Weak;
use std::time::Duration;

use crate::machine::{Event, Generation, Timeout};
use crate::request::Request;
use crate::{CloseEvent, CloseFrame, ConnectError, OpenEvent, ReadyState, WokenBy};

/// Carries messages: a browser's socket, or a script in its place.
///
/// Every method may be called at any time, also while another one runs.
pub(crate) trait Transport<P>: Any {
    /// Starts to connect; every event comes back with the generation.
    fn open(
        &self,
        generation: Generation,
        request: &Request,
        events: Weak<dyn Events<P>>,
    ) -> Result<(), ConnectError>;

    /// Starts to listen to a connection that the transport was made with.
    fn adopt(&self, generation: Generation, events: Weak<dyn Events<P>>);

    /// Hands a message over.
    fn transmit(&self, payload: &P) -> Result<(), Refusal>;

    /// Starts the closing handshake.
    fn close(&self, frame: &CloseFrame);

    /// Stops listening, and closes if nobody did.
    fn abandon(&self);

    /// The bytes that were handed over and have not left.
    fn buffered_amount(&self) -> u64;

    /// Where the connection stands, as the transport sees it.
    fn ready_state(&self) -> ReadyState;
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The connection is closing already: the browser would swallow the message.
    Closing,
    /// The browser threw.
    Thrown,
}

/// Tells the time and wakes.
pub(crate) trait Clock {
    /// Says whom to wake.
    fn start(&self, events: Weak<dyn Alarm>);

    /// The time since some fixed start, never going back.
    fn now(&self) -> Duration;

    /// Calls [`Alarm::handle_alarm`] at this time, once, in place of any time asked for before.
    fn arm(&self, timeout: Option<Timeout>);
}

/// Is woken by a [`Clock`].
pub(crate) trait Alarm {
    /// The time has come.
    fn handle_alarm(&self, by: WokenBy);
}

/// What a transport tells.
pub(crate) trait Events<P> {
    fn handle_open(&self, generation: Generation, event: OpenEvent);
    fn handle_message(&self, generation: Generation, message: P);
    fn handle_unreadable(&self, generation: Generation);
    fn handle_error(&self, generation: Generation);
    fn handle_close(&self, generation: Generation, event: CloseEvent);
}

/// Hears the events of a socket.
pub(crate) trait Consumer<P>: Any {
    /// Says whose events they are.
    fn attach(&self, owner: Weak<dyn Any>);

    /// One event. It may call anything.
    fn deliver(&self, event: Event<P>);

    /// What somebody listens for.
    fn wants(&self) -> Wants;
}

/// Which events somebody listens for, of those that cost something to tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    pub(crate) messages: bool,
    pub(crate) drain: bool,
    pub(crate) drops: bool,
    pub(crate) tap: bool,
}
