//! How a connection ends: what may be sent to end it, and what is heard when it has ended.

use core::fmt;

/// A code that an application may close a connection with: 1000 or 3000–4999.
///
/// Every other code is refused by `close()` in the browser
/// ([WHATWG](https://websockets.spec.whatwg.org/#dom-websocket-close)), so it cannot be made.
///
/// # Examples
///
/// ```
/// use sluicegate::{CloseCode, InvalidCloseCode};
///
/// assert_eq!(CloseCode::new(4001)?.get(), 4001);
/// assert_eq!(CloseCode::new(1001), Err(InvalidCloseCode(1001)));
/// # Ok::<(), InvalidCloseCode>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self(1000);

    /// 4009: what arrived was read too slowly and the inbox was full
    /// ([`Options::inbox_capacity`](crate::Options::inbox_capacity)).
    pub const OVERFLOW: Self = Self(4009);

    /// Takes a code that `close()` accepts.
    ///
    /// # Errors
    ///
    /// [`InvalidCloseCode`] unless it is 1000 or 3000–4999.
    pub const fn new(code: u16) -> Result<Self, InvalidCloseCode> {
        match code {
            1000 | 3000..=4999 => Ok(Self(code)),
            _ => Err(InvalidCloseCode(code)),
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// [`CloseCode::NORMAL`].
impl Default for CloseCode {
    fn default() -> Self {
        Self::NORMAL
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        Self::new(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a connection is closed, for people: at most 123 bytes of UTF-8, what fits into a Close frame
/// beside the code ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)).
///
/// # Examples
///
/// ```
/// use sluicegate::CloseReason;
///
/// assert_eq!(CloseReason::new("going home")?.as_str(), "going home");
/// assert_eq!(CloseReason::new("é".repeat(62)).unwrap_err().byte_len(), 124);
/// assert_eq!(CloseReason::truncated(&"é".repeat(62)).as_str(), "é".repeat(61));
/// # Ok::<(), sluicegate::ReasonTooLong>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CloseReason(String);

impl CloseReason {
    /// The longest reason in bytes.
    pub const MAX_BYTES: usize = 123;

    /// Takes a reason that fits.
    ///
    /// # Errors
    ///
    /// [`ReasonTooLong`], which gives the text back, when it has more than 123 bytes.
    pub fn new(reason: impl Into<String>) -> Result<Self, ReasonTooLong> {
        let reason = reason.into();
        if reason.len() <= Self::MAX_BYTES {
            Ok(Self(reason))
        } else {
            Err(ReasonTooLong(reason))
        }
    }

    /// Takes as much of a reason as fits, cut between two characters.
    pub fn truncated(reason: &str) -> Self {
        let mut end = reason.len().min(Self::MAX_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self(reason.get(..end).unwrap_or_default().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for CloseReason {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for CloseReason {
    type Error = ReasonTooLong;

    fn try_from(reason: &str) -> Result<Self, ReasonTooLong> {
        Self::new(reason)
    }
}

impl TryFrom<String> for CloseReason {
    type Error = ReasonTooLong;

    fn try_from(reason: String) -> Result<Self, ReasonTooLong> {
        Self::new(reason)
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What `close` sends to the peer: a code and a reason. There is no reason without a code.
///
/// # Examples
///
/// ```
/// use sluicegate::{CloseCode, CloseFrame};
///
/// let frame = CloseFrame::try_from((4000, "idle"))?;
/// assert_eq!(frame.code.get(), 4000);
/// assert_eq!(CloseFrame::default().code, CloseCode::NORMAL);
/// # Ok::<(), sluicegate::InvalidCloseFrame>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CloseFrame {
    /// The code, 1000 by default.
    pub code: CloseCode,
    /// The reason, empty by default.
    pub reason: CloseReason,
}

impl CloseFrame {
    /// A frame of checked parts.
    pub const fn new(code: CloseCode, reason: CloseReason) -> Self {
        Self { code, reason }
    }
}

impl From<CloseCode> for CloseFrame {
    fn from(code: CloseCode) -> Self {
        Self::new(code, CloseReason::default())
    }
}

impl TryFrom<(u16, &str)> for CloseFrame {
    type Error = InvalidCloseFrame;

    fn try_from((code, reason): (u16, &str)) -> Result<Self, InvalidCloseFrame> {
        Ok(Self::new(CloseCode::new(code)?, CloseReason::new(reason)?))
    }
}

/// How a connection ended: what the peer sent, verbatim, or 1006 where there was no Close frame.
///
/// Engines disagree on the details (measured in Chromium 156, Firefox 153 and WebKitGTK 2.50): a
/// server's 1012 arrives as 1006 in WebKitGTK, a failed TLS handshake is 1015 in Firefox, and
/// `was_clean` is wrong in both directions in Firefox. A refused connection is 1006 everywhere,
/// whatever the HTTP status was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CloseEvent {
    /// The code: the peer's, 1005 when it sent none, 1006 when the connection was lost, refused or
    /// [given up](crate::Options::close_timeout).
    pub code: u16,
    /// The peer's reason, empty when there was none.
    pub reason: String,
    /// Whether the closing handshake was completed, as the browser tells it.
    pub was_clean: bool,
}

impl CloseEvent {
    /// An event as the browser tells it.
    pub fn new(code: u16, reason: impl Into<String>, was_clean: bool) -> Self {
        Self {
            code,
            reason: reason.into(),
            was_clean,
        }
    }

    /// The close of a connection that was lost or given up: 1006, no reason, not clean.
    pub fn abnormal() -> Self {
        Self::new(1006, "", false)
    }

    /// Whether the connection ended as intended: 1000 (normal), 1001 (going away) or 1005 (a Close
    /// frame without a code). A stream ends without an error after these.
    pub fn is_normal(&self) -> bool {
        matches!(self.code, 1000 | 1001 | 1005)
    }
}

impl fmt::Display for CloseEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection closed with code {}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        Ok(())
    }
}

/// A code that `close()` refuses: neither 1000 nor 3000–4999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCloseCode(pub u16);

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "close code {} cannot be sent: only 1000 and 3000 to 4999 can",
            self.0
        )
    }
}

impl core::error::Error for InvalidCloseCode {}

/// A reason of more than 123 bytes, given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonTooLong(String);

impl ReasonTooLong {
    /// The length of the refused reason in bytes of UTF-8.
    pub fn byte_len(&self) -> usize {
        self.0.len()
    }

    /// The refused reason.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl fmt::Display for ReasonTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "close reason has {} bytes, more than the {} that fit",
            self.0.len(),
            CloseReason::MAX_BYTES
        )
    }
}

impl core::error::Error for ReasonTooLong {}

/// Which part of a [`CloseFrame`] was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidCloseFrame {
    /// The code is neither 1000 nor 3000–4999.
    Code(InvalidCloseCode),
    /// The reason has more than 123 bytes.
    Reason(ReasonTooLong),
}

impl fmt::Display for InvalidCloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(error) => error.fmt(f),
            Self::Reason(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InvalidCloseFrame {}

impl From<InvalidCloseCode> for InvalidCloseFrame {
    fn from(error: InvalidCloseCode) -> Self {
        Self::Code(error)
    }
}

impl From<ReasonTooLong> for InvalidCloseFrame {
    fn from(error: ReasonTooLong) -> Self {
        Self::Reason(error)
    }
}
