//! Where a connection stands.

use core::fmt;

/// The state of a connection, with the numbers of `WebSocket.readyState`
/// ([WHATWG](https://websockets.spec.whatwg.org/#dom-websocket-readystate)).
///
/// # Examples
///
/// ```
/// use sluicegate::ReadyState;
///
/// assert_eq!(ReadyState::try_from(1), Ok(ReadyState::Open));
/// assert!(ReadyState::Open < ReadyState::Closing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum ReadyState {
    /// The handshake is under way; messages queue.
    Connecting = 0,
    /// Messages can be sent.
    Open = 1,
    /// The closing handshake has begun, from either side; nothing can be sent any more.
    Closing = 2,
    /// The connection has ended, or never came to be.
    Closed = 3,
}

impl TryFrom<u16> for ReadyState {
    type Error = InvalidReadyState;

    fn try_from(number: u16) -> Result<Self, InvalidReadyState> {
        match number {
            0 => Ok(Self::Connecting),
            1 => Ok(Self::Open),
            2 => Ok(Self::Closing),
            3 => Ok(Self::Closed),
            _ => Err(InvalidReadyState(number)),
        }
    }
}

impl From<ReadyState> for u16 {
    fn from(state: ReadyState) -> Self {
        state as Self
    }
}

/// The name of the platform's constant, e.g. `OPEN`.
impl fmt::Display for ReadyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connecting => "CONNECTING",
            Self::Open => "OPEN",
            Self::Closing => "CLOSING",
            Self::Closed => "CLOSED",
        })
    }
}

/// A number that is no [`ReadyState`]: it is above 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidReadyState(pub u16);

impl fmt::Display for InvalidReadyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a ready state (0 to 3)", self.0)
    }
}

impl core::error::Error for InvalidReadyState {}
