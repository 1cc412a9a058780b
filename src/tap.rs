//! What happens inside a socket, for logging, telemetry and tests.

use core::time::Duration;

use crate::DropCause;

/// One thing that happened inside a socket. Heard by
/// [`WebSocketBuilder::on_tap`](crate::WebSocketBuilder::on_tap); nothing is collected unless
/// somebody listens. There are no payloads, URLs, reasons or keys in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TapEvent {
    /// The connection is open.
    Opened,
    /// The connection has ended.
    Ended {
        /// By whom or what.
        cause: EndCause,
        /// The code of the close event.
        code: u16,
    },
    /// A message had to be queued: the gate is shut until `bufferedAmount` falls to the low-water
    /// mark.
    GateShut {
        /// At most how many bytes the browser holds.
        buffered_amount: u64,
    },
    /// The gate is open again.
    GateOpened {
        /// How many bytes the browser holds.
        buffered_amount: u64,
    },
    /// A message that had been accepted was dropped.
    Dropped {
        /// Why.
        cause: DropCause,
        /// Its length in bytes.
        bytes: usize,
    },
    /// Somebody waits, but `bufferedAmount` has not fallen and nothing has arrived for
    /// [`Options::stall_timeout`](crate::Options::stall_timeout). Told once; `bufferedAmount` may
    /// still fall afterwards.
    Stalled {
        /// How many bytes the browser holds.
        buffered_amount: u64,
        /// For how long nothing has moved.
        duration: Duration,
    },
    /// The socket woke itself, because somebody waits.
    Woken(WokenBy),
}

/// By what a socket was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WokenBy {
    /// A `MessageChannel`.
    Channel,
    /// `setTimeout`.
    Timer,
    /// `Atomics.waitAsync`, in a hidden page.
    Atomics,
    /// The page became visible.
    Visibility,
}

/// What ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndCause {
    /// The browser's close event.
    CloseEvent,
    /// The browser says CLOSED but told no close event, as WebKitGTK after a blocked port (measured).
    NoCloseEvent,
    /// The peer did not finish the closing handshake in time
    /// ([`Options::close_timeout`](crate::Options::close_timeout),
    /// [`Options::drain_timeout`](crate::Options::drain_timeout)).
    Timeout,
    /// The server selected a subprotocol that was not asked for, or none.
    Subprotocol,
}
