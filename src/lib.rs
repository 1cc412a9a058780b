//! A typed WebSocket client for the browser with a `bufferedAmount`-aware send queue.
//!
//! The browser takes whatever `send()` is given and has no event that says when to go on. This
//! crate puts a gate in front of it: up to a high-water mark messages go straight through, beyond
//! it they wait, where they can still be counted, refused and given back.
//!
//! Handlers, each given the socket:
//!
//! ```no_run
//! use sluicegate::WebSocket;
//!
//! let socket = WebSocket::builder("wss://example.com/chat")
//!     .on_open(|socket, _| { socket.try_send("Hello WebSockets!").ok(); })
//!     .on_message(|_, message| println!("{message:?}"))
//!     .on_close(|_, close| println!("{close}"))
//!     .open()?;
//! # Ok::<(), sluicegate::ConnectError>(())
//! ```
//!
//! Or a `Stream` and a `Sink`:
//!
//! ```no_run
//! use futures::{SinkExt, StreamExt};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut stream = sluicegate::connect("wss://example.com/chat").await?;
//! stream.send("hello".into()).await?; // waits while the gate is shut
//! while let Some(message) = stream.next().await {
//!     println!("{:?}", message?);
//! }
//! println!("{}", stream.socket().closed().await);
//! # Ok(())
//! # }
//! ```
//!
//! On native targets every type exists and opening a socket is [`ConnectError::Unsupported`].

mod browser;
mod builder;
mod close;
mod controller;
mod driver;
mod error;
mod event;
pub mod future;
mod handlers;
#[doc(hidden)]
pub mod machine;
mod message;
mod options;
mod rate_limit;
mod ready_state;
mod request;
mod send_options;
mod socket;
mod stats;
mod stream;
mod tap;

pub use self::browser::AdoptError;
pub use self::builder::WebSocketBuilder;
pub use self::close::{
    CloseCode, CloseEvent, CloseFrame, CloseReason, InvalidCloseCode, InvalidCloseFrame,
    ReasonTooLong,
};
pub use self::controller::Controller;
pub use self::error::{
    ConnectError, DrainError, SendError, StreamError, StreamTaken, TrySendError, UrlFault,
};
pub use self::event::{DrainEvent, DropCause, DropEvent, ErrorEvent, OpenEvent};
pub use self::machine::Outcome;
pub use self::message::Message;
pub use self::options::{Batch, InboxOverflow, InvalidOption, Options, Overflow, WakeSource};
pub use self::rate_limit::RateLimit;
pub use self::ready_state::{InvalidReadyState, ReadyState};
pub use self::request::ShownUrl;
pub use self::send_options::SendOptions;
pub use self::socket::{Listener, WebSocket, connect};
pub use self::stats::{Drops, Stats};
pub use self::stream::{WebSocketReceiver, WebSocketSender, WebSocketStream};
pub use self::tap::{EndCause, TapEvent, WokenBy};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
