//! From and to `web_sys`.

use std::any::Any;
use std::fmt;

use crate::driver::{Driver, Transport};
use crate::machine::Machine;
use crate::request::Request;
use crate::{Message, Options, ReadyState, WebSocket};

use super::{BrowserClock, BrowserSocket};

impl WebSocket {
    /// The browser's own object, or `None` when there is none (before the first connection, and off
    /// the web).
    ///
    /// Whoever has it may send on it too; therefore `bufferedAmount` is read before each send from
    /// now on. Leave `binaryType` alone: a `Blob` cannot be read in order and is told as an
    /// [error](crate::ErrorEvent).
    pub fn as_raw(&self) -> Option<web_sys::WebSocket> {
        let raw = self.raw()?;
        self.driver().share();
        Some(raw.clone())
    }

    /// The URL that the browser made of the one given, with its query; the one given while there is
    /// no connection. `Debug` shows it without query and credentials.
    pub fn url(&self) -> String {
        match self.raw() {
            Some(raw) => raw.url(),
            None => self.driver().request().url.clone(),
        }
    }

    /// The subprotocol that the server selected, empty before OPEN and when there is none.
    pub fn protocol(&self) -> String {
        self.raw().map_or_else(String::new, |raw| raw.protocol())
    }

    /// The extensions in use, empty before OPEN and when there are none.
    pub fn extensions(&self) -> String {
        self.raw().map_or_else(String::new, |raw| raw.extensions())
    }

    fn raw(&self) -> Option<&web_sys::WebSocket> {
        let transport: &dyn Any = self.driver().transport();
        transport.downcast_ref::<BrowserSocket>()?.raw()
    }
}

/// Adopts a socket in CONNECTING or OPEN.
///
/// Its owner's handlers survive, because ours are added by `addEventListener`. `binaryType` becomes
/// `arraybuffer`, for the owner's handlers too. Messages that arrived before are not heard.
/// `bufferedAmount` is read before each send, because the owner may send too. Dropping the last
/// handle closes the socket, the owner's too.
///
/// # Errors
///
/// A socket in CLOSING or CLOSED comes back.
impl TryFrom<web_sys::WebSocket> for WebSocket {
    type Error = AdoptError;

    fn try_from(raw: web_sys::WebSocket) -> Result<Self, AdoptError> {
        let open = match ReadyState::try_from(raw.ready_state()) {
            Ok(ReadyState::Connecting) => false,
            Ok(ReadyState::Open) => true,
            _ => return Err(AdoptError(raw)),
        };
        let request = Request {
            url: raw.url(),
            protocols: Vec::new(),
        };
        let transport: Box<dyn Transport<Message>> = Box::new(BrowserSocket::from_raw(raw));
        let clock = Box::new(BrowserClock::default());
        let machine = Machine::adopted(Options::default(), open);
        let socket = Self::new(Driver::new(machine, request, transport, clock));
        // Nothing is opened, so nothing can fail.
        socket.driver().start().ok();
        Ok(socket)
    }
}

/// A `web_sys::WebSocket` in CLOSING or CLOSED cannot be adopted; it is given back.
#[derive(Debug)]
pub struct AdoptError(pub web_sys::WebSocket);

impl fmt::Display for AdoptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the socket is closing or closed")
    }
}

impl core::error::Error for AdoptError {}
