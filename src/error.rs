//! What can go wrong, by cause.
//!
//! Errors that refuse a message give it back. `Debug` never shows a payload, and a URL is shown
//! without its query and credentials.

use core::fmt;

use crate::{CloseEvent, DropCause, InvalidOption, Message, ShownUrl, WebSocket};

/// Why a connection could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be used. Fix the URL.
    InvalidUrl {
        /// The URL, shown without query and credentials.
        url: ShownUrl,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// A subprotocol is no token: it is empty, or has a character other than letters, digits and
    /// ``!#$%&'*+-.^_`|~`` ([RFC 6455, 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    InvalidProtocol(Box<str>),
    /// A subprotocol is asked for twice.
    DuplicateProtocol(Box<str>),
    /// An option makes no sense.
    InvalidOption(InvalidOption),
    /// The page was loaded over `https:`, and the URL is not `wss:` (nor on this machine). Browsers
    /// do not allow it; use `wss:`.
    InsecureContext {
        /// The URL, shown without query and credentials.
        url: ShownUrl,
    },
    /// The browser refused to try, for example because of the page's `connect-src` policy. Nothing
    /// was sent.
    Blocked {
        /// The URL, shown without query and credentials.
        url: ShownUrl,
    },
    /// There is no `WebSocket` here: a native target, or a JavaScript environment without one.
    Unsupported,
    /// The connection was tried and never opened. Browsers do not tell why: a refusal, an
    /// HTTP error, a failed TLS handshake and a wrong subprotocol all look the same.
    Failed(CloseEvent),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl { url, fault } => write!(f, "invalid URL {url:?}: {fault}"),
            Self::InvalidProtocol(name) => write!(f, "invalid subprotocol {name:?}"),
            Self::DuplicateProtocol(name) => write!(f, "subprotocol {name:?} is given twice"),
            Self::InvalidOption(error) => write!(f, "invalid option: {error}"),
            Self::InsecureContext { url } => {
                write!(f, "an https page cannot connect to {url:?}: use wss")
            }
            Self::Blocked { url } => write!(f, "the browser blocked the connection to {url:?}"),
            Self::Unsupported => f.write_str("there is no WebSocket in this environment"),
            Self::Failed(close) => write!(f, "the connection failed: {close}"),
        }
    }
}

impl core::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::InvalidOption(error) => Some(error),
            _ => None,
        }
    }
}

impl From<InvalidOption> for ConnectError {
    fn from(error: InvalidOption) -> Self {
        Self::InvalidOption(error)
    }
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlFault {
    /// It is empty.
    Empty,
    /// It has a fragment (`#…`), which WebSocket URLs must not have.
    Fragment,
    /// Its scheme is none of `ws`, `wss`, `http` and `https`.
    Scheme,
    /// The browser could not parse it.
    Malformed,
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Fragment => "it has a fragment",
            Self::Scheme => "its scheme is none of ws, wss, http and https",
            Self::Malformed => "it cannot be parsed",
        })
    }
}

/// Why a message was not accepted, with the message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySendError<M = Message> {
    /// The queue is full for now. Try again after a [`DrainEvent`](crate::DrainEvent), or wait with
    /// [`WebSocket::send`].
    Full(M),
    /// The message alone exceeds the capacity of the queue, and the gate is shut.
    /// [`WebSocket::send`] waits until it can pass alone; or raise
    /// [`Options::capacity`](crate::Options::capacity).
    TooLarge(M),
    /// The connection is closing or has ended. It will not take messages again.
    Closed(M),
    /// The browser threw when it was given the message.
    Refused(M),
}

impl<M> TrySendError<M> {
    /// The message that was not accepted.
    pub fn into_inner(self) -> M {
        match self {
            Self::Full(message)
            | Self::TooLarge(message)
            | Self::Closed(message)
            | Self::Refused(message) => message,
        }
    }

    /// Whether it is a matter of room: `Full`, or `TooLarge`, which only [`WebSocket::send`] gets
    /// through.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_) | Self::TooLarge(_))
    }

    /// Whether the connection is closing or has ended.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Full(_) => "Full(..)",
            Self::TooLarge(_) => "TooLarge(..)",
            Self::Closed(_) => "Closed(..)",
            Self::Refused(_) => "Refused(..)",
        }
    }
}

impl<M> fmt::Debug for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<M> fmt::Display for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the send queue is full",
            Self::TooLarge(_) => "the message exceeds the capacity of the send queue",
            Self::Closed(_) => "the connection is closing or closed",
            Self::Refused(_) => "the browser refused the message",
        })
    }
}

impl<M> core::error::Error for TrySendError<M> {}

/// Why a message that waited was not sent, with the message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<M = Message> {
    /// The connection is closing or has ended. It will not take messages again.
    Closed(M),
    /// The browser threw when it was given the message.
    Refused(M),
    /// The message was dropped while it waited in the queue: it was replaced by a newer one with
    /// the same key, expired, or made room for another.
    Dropped(M, DropCause),
}

impl<M> SendError<M> {
    /// Why a message that was queued was not sent.
    pub(crate) fn new(message: M, cause: DropCause) -> Self {
        match cause {
            DropCause::Closed => Self::Closed(message),
            DropCause::Refused => Self::Refused(message),
            cause => Self::Dropped(message, cause),
        }
    }

    /// The message that was not sent.
    pub fn into_inner(self) -> M {
        match self {
            Self::Closed(message) | Self::Refused(message) | Self::Dropped(message, _) => message,
        }
    }

    /// Whether the connection is closing or has ended.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed(_) => "Closed(..)",
            Self::Refused(_) => "Refused(..)",
            Self::Dropped(_, DropCause::Replaced) => "Dropped(.., Replaced)",
            Self::Dropped(_, DropCause::Expired) => "Dropped(.., Expired)",
            Self::Dropped(..) => "Dropped(.., Overflow)",
        })
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(_) => f.write_str("the connection is closing or closed"),
            Self::Refused(_) => f.write_str("the browser refused the message"),
            Self::Dropped(_, cause) => write!(f, "the message was dropped: {cause}"),
        }
    }
}

impl<M> core::error::Error for SendError<M> {}

/// What a sender that does not care for the capacity of the queue is told.
impl<M> From<TrySendError<M>> for SendError<M> {
    fn from(error: TrySendError<M>) -> Self {
        match error {
            TrySendError::Refused(message) => Self::Refused(message),
            TrySendError::Closed(message) => Self::Closed(message),
            TrySendError::Full(message) | TrySendError::TooLarge(message) => {
                Self::Dropped(message, DropCause::Overflow)
            }
        }
    }
}

/// The connection ended before everything had left the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainError(pub CloseEvent);

impl fmt::Display for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not everything was sent: {}", self.0)
    }
}

impl core::error::Error for DrainError {}

/// What a [`WebSocketStream`](crate::WebSocketStream) can fail with, as `Stream` and as `Sink`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The connection ended with a code other than 1000, 1001 and 1005. The stream has ended.
    Closed(CloseEvent),
    /// More arrived than was read: the inbox was full
    /// ([`Options::inbox_capacity`](crate::Options::inbox_capacity)). What had fitted was delivered
    /// first; the connection is closed with 4009, and the stream has ended.
    Overflow,
    /// A message arrived that is neither text nor an `ArrayBuffer`, because somebody changed
    /// `binaryType` on the raw socket. That message is lost; the stream goes on.
    Unreadable,
    /// The sink did not take this message.
    Send(SendError),
    /// Messages that the sink had taken, or another handle had queued, were never handed to the
    /// browser: the connection closed first, or the browser refused them. What a policy dropped
    /// ([`Overflow`](crate::Overflow), [`SendOptions`](crate::SendOptions)) is not counted here.
    Dropped {
        /// How many since the last such error.
        messages: u64,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(close) => close.fmt(f),
            Self::Overflow => f.write_str("more messages arrived than the inbox holds"),
            Self::Unreadable => f.write_str("a message was neither text nor an ArrayBuffer"),
            Self::Send(error) => error.fmt(f),
            Self::Dropped { messages } => {
                write!(f, "{messages} queued messages were not sent")
            }
        }
    }
}

impl core::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Send(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SendError> for StreamError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

/// The socket already has a stream; the handle is given back.
#[derive(Debug)]
pub struct StreamTaken(pub WebSocket);

impl fmt::Display for StreamTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the socket already has a stream")
    }
}

impl core::error::Error for StreamTaken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_small() {
        assert!(size_of::<ConnectError>() <= 40);
        assert!(size_of::<StreamError>() <= 48);
        assert!(size_of::<TrySendError>() <= 40);
    }

    #[test]
    fn debug_hides_payloads() {
        let error = TrySendError::Full(Message::from("secret"));
        assert_eq!(
            format!("{error:?} {error}"),
            "Full(..) the send queue is full"
        );
        let error = StreamError::from(SendError::Closed(Message::from("secret")));
        assert_eq!(format!("{error:?}"), "Send(Closed(..))");
    }
}
