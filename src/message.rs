//! What travels over a connection.

use std::borrow::Cow;

use crate::machine::Payload;

/// One WebSocket message: text or binary.
///
/// # Examples
///
/// ```
/// use sluicegate::Message;
///
/// let message = Message::from("grüß dich");
/// assert!(message.is_text());
/// assert_eq!(message.byte_len(), 11); // UTF-8, as on the wire
/// assert_eq!(message.as_text(), Some("grüß dich"));
///
/// let message = Message::from(vec![1, 2, 3]);
/// assert_eq!(message.as_bytes(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A text message. Text that arrives is valid UTF-8: the browser fails the connection otherwise.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Message {
    /// The length of the payload on the wire in bytes: text counts as UTF-8, without framing, as
    /// `bufferedAmount` counts it.
    pub fn byte_len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether this is a text message.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether this is a binary message.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// The text, or `None` for a binary message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The payload's bytes; text as UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text without a copy.
    ///
    /// # Errors
    ///
    /// A binary message comes back unchanged.
    pub fn into_text(self) -> Result<String, Self> {
        match self {
            Self::Text(text) => Ok(text),
            binary @ Self::Binary(_) => Err(binary),
        }
    }

    /// The payload's bytes without a copy; text as UTF-8.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl Payload for Message {
    fn byte_len(&self) -> usize {
        self.byte_len()
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Cow<'_, str>> for Message {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.into())
    }
}

impl<const N: usize> From<[u8; N]> for Message {
    fn from(bytes: [u8; N]) -> Self {
        Self::Binary(bytes.into())
    }
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Binary(bytes.into())
    }
}
