//! The handle of a socket.

use std::any::Any;
use std::fmt;
use std::rc::{Rc, Weak};

use crate::driver::{Consumer, Driver};
use crate::future::{Closed, Connect, Drained, Send, SendWith};
use crate::handlers::{self, Handler, Handlers, Kind};
use crate::{
    CloseEvent, CloseFrame, Controller, DrainEvent, DropEvent, ErrorEvent, Message, OpenEvent,
    Outcome, ReadyState, SendOptions, Stats, StreamTaken, TapEvent, TrySendError, WebSocketBuilder,
    WebSocketStream,
};

/// A browser's WebSocket: a cheap handle, any number of which share one connection.
///
/// Dropping the last handle hands over what is queued, closes with 1000 and drops all handlers at
/// once; no close event is told then. A [`Controller`] does not keep the connection alive.
///
/// # Backpressure
///
/// Up to the [high-water mark](crate::Options::high_water_mark) a message goes straight to the
/// browser. Beyond it the gate shuts, and messages wait in a queue of ours until `bufferedAmount`
/// has fallen to the low-water mark. [`Self::send`] waits for the gate, [`Self::try_send`] says
/// [`Outcome::Queued`], and a full queue gives the message back. `bufferedAmount` is polled only
/// while somebody waits.
///
/// In WebKitGTK `bufferedAmount` falls to 0 whatever the peer does (64 MiB to a peer that never
/// reads: 0 after half a second, measured), so there the gate bounds a burst but not a slow peer.
///
/// # Examples
///
/// ```no_run
/// use sluicegate::{Outcome, WebSocket};
///
/// let socket = WebSocket::builder("wss://example.com/feed")
///     .on_message(|socket, message| match socket.try_send(message) {
///         Ok(Outcome::Sent | Outcome::Queued | Outcome::Dropped) => {}
///         Err(error) => println!("not sent: {error}"),
///     })
///     .open()?;
/// # Ok::<(), sluicegate::ConnectError>(())
/// ```
#[derive(Clone)]
pub struct WebSocket {
    handle: Rc<Handle>,
}

/// What the handles of one socket share.
pub(crate) struct Handle {
    driver: Rc<Driver<Message>>,
}

impl WebSocket {
    /// Sets up a socket to this URL: `ws:`, `wss:`, `http:`, `https:` or relative to the page.
    pub fn builder(url: impl Into<String>) -> WebSocketBuilder {
        WebSocketBuilder::new(url.into())
    }

    /// Starts to connect and returns at once, in CONNECTING, with no handlers and default options.
    ///
    /// # Errors
    ///
    /// As [`WebSocketBuilder::open`].
    pub fn open(url: impl Into<String>) -> Result<Self, crate::ConnectError> {
        Self::builder(url).open()
    }

    pub(crate) fn new(driver: Rc<Driver<Message>>) -> Self {
        Self::from_handle(Rc::new(Handle { driver }))
    }

    pub(crate) fn from_handle(handle: Rc<Handle>) -> Self {
        Self { handle }
    }

    pub(crate) fn set_consumer(&self, consumer: Rc<dyn Consumer<Message>>) {
        let owner: Weak<Handle> = Rc::downgrade(&self.handle);
        consumer.attach(owner);
        self.driver().set_consumer(Some(consumer));
    }

    pub(crate) fn driver(&self) -> &Rc<Driver<Message>> {
        &self.handle.driver
    }

    // ---- sending ----

    /// Sends a message, or queues it when the connection is not open yet or the gate is shut.
    ///
    /// *Sent* means handed to the browser, not delivered.
    ///
    /// # Errors
    ///
    /// Every error gives the message back: [`TrySendError::Full`] at the
    /// [capacity](crate::Options::capacity) of the queue, `TooLarge` when it could never be queued,
    /// `Closed` in CLOSING and CLOSED, `Refused` when the browser throws.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(socket: &sluicegate::WebSocket) {
    /// use sluicegate::{Outcome, TrySendError};
    ///
    /// match socket.try_send("text") {
    ///     Ok(Outcome::Sent | Outcome::Queued | Outcome::Dropped) => {}
    ///     Err(TrySendError::Full(message)) => println!("later: {message:?}"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    pub fn try_send(&self, message: impl Into<Message>) -> Result<Outcome, TrySendError> {
        self.driver().try_send(message.into())
    }

    /// Sends a message once there is room: in OPEN while the gate is open, in CONNECTING while less
    /// than the high-water mark is queued.
    ///
    /// Tasks that compete are woken in the order in which they began to wait; the peak of
    /// `bufferedAmount` is the high-water mark plus one message each.
    ///
    /// # Errors
    ///
    /// [`SendError`](crate::SendError) gives the message back when the connection is closing or the
    /// browser throws.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it resolves, the message is not sent. The future keeps the
    /// socket alive.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(socket: &sluicegate::WebSocket) -> Result<(), sluicegate::SendError> {
    /// for chunk in [[0_u8; 1024], [1; 1024]] {
    ///     socket.send(chunk).await?; // waits while the gate is shut
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send(&self, message: impl Into<Message>) -> Send {
        Send::new(self.clone(), message.into())
    }

    /// Sends a message as [`Self::try_send`], with a key or a time to live.
    ///
    /// # Errors
    ///
    /// As [`Self::try_send`]. What happens to a message that was queued is told by
    /// [`Self::on_drop`] only.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(socket: &sluicegate::WebSocket) {
    /// use sluicegate::SendOptions;
    ///
    /// // Of the positions that wait, only the newest is sent.
    /// socket.try_send_with("12,7", SendOptions::new().key("cursor")).ok();
    /// # }
    /// ```
    pub fn try_send_with(
        &self,
        message: impl Into<Message>,
        options: SendOptions,
    ) -> Result<Outcome, TrySendError> {
        self.driver().try_send_with(message.into(), options)
    }

    /// Sends a message with a key or a time to live, and waits until it was handed to the browser.
    ///
    /// Unlike [`Self::send`] the message enters the queue at the first poll, so that a successor
    /// can replace it in its place; it counts there, but is never refused for lack of room.
    ///
    /// # Errors
    ///
    /// As [`Self::send`], and [`SendError::Dropped`](crate::SendError::Dropped) when the message was
    /// replaced, expired, or made room for another. Every error gives the message back.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it resolves, the message is not sent. The future keeps the
    /// socket alive.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(socket: &sluicegate::WebSocket) -> Result<(), sluicegate::SendError> {
    /// use sluicegate::{SendError, SendOptions};
    /// use std::time::Duration;
    ///
    /// let options = SendOptions::new().time_to_live(Duration::from_secs(2));
    /// match socket.send_with("are you there?", options).await {
    ///     Err(SendError::Dropped(message, cause)) => println!("{message:?}: {cause}"),
    ///     result => result?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_with(&self, message: impl Into<Message>, options: SendOptions) -> SendWith {
        SendWith::new(self.clone(), message.into(), options)
    }

    /// Waits until nothing is queued and `bufferedAmount` is 0: everything has left the browser's
    /// buffer. That is not *delivered*: up to 4.2 MB lie below it in Chromium and Firefox, and any
    /// amount in WebKitGTK (measured).
    ///
    /// # Errors
    ///
    /// [`DrainError`](crate::DrainError) with the close event when the connection ends first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(socket: &sluicegate::WebSocket) -> Result<(), sluicegate::DrainError> {
    /// socket.drained().await?;
    /// socket.close(); // nothing of ours is thrown away
    /// # Ok(())
    /// # }
    /// ```
    pub fn drained(&self) -> Drained {
        Drained::new(self.clone())
    }

    // ---- closing ----

    /// Closes with 1000 and no reason. See [`Self::close_with`].
    pub fn close(&self) {
        self.close_with(CloseFrame::default());
    }

    /// Hands what is queued to the browser and starts the closing handshake. Only the first call
    /// counts. In CONNECTING the attempt is given up and what is queued is dropped.
    ///
    /// The close event comes when the peer has answered, or with 1006 when it did not within
    /// [`Options::close_timeout`](crate::Options::close_timeout) and
    /// [`Options::drain_timeout`](crate::Options::drain_timeout). Nothing that arrives after this
    /// call is delivered, in any engine; and WebKitGTK throws away what has not left 5 s later
    /// (measured). To be sure that everything has left, await [`Self::drained`] before.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(socket: &sluicegate::WebSocket) -> Result<(), sluicegate::InvalidCloseFrame> {
    /// use sluicegate::CloseFrame;
    ///
    /// socket.close_with(CloseFrame::try_from((4000, "idle"))?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn close_with(&self, frame: impl Into<CloseFrame>) {
        self.driver().close(frame.into());
    }

    /// Waits for the close event, and gives it again to whoever asks later.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing. The future does not keep the socket alive; if the last
    /// handle is dropped it resolves with 1006.
    pub fn closed(&self) -> Closed {
        Closed::new(self.driver())
    }

    // ---- other forms ----

    /// The socket as a stream and sink. Messages that arrived before are not in it; use
    /// [`WebSocketBuilder::open_stream`] or [`crate::connect`] to miss none.
    ///
    /// # Errors
    ///
    /// [`StreamTaken`] gives the handle back when the socket has a stream already.
    pub fn into_stream(self) -> Result<WebSocketStream, StreamTaken> {
        if self.driver().open_inbox() {
            Ok(WebSocketStream::with_inbox(&self))
        } else {
            Err(StreamTaken(self))
        }
    }

    /// A handle that watches and closes, but does not keep the connection alive.
    pub fn controller(&self) -> Controller {
        Controller::new(self.driver())
    }

    // ---- getters ----

    /// Where the connection stands.
    pub fn ready_state(&self) -> ReadyState {
        self.driver().ready_state()
    }

    /// The browser's `bufferedAmount` in bytes: handed over and not yet left. What waits in our own
    /// queue is in [`Stats::bytes_queued`].
    pub fn buffered_amount(&self) -> u64 {
        self.driver().buffered_amount()
    }

    /// What the socket has done and holds.
    pub fn stats(&self) -> Stats {
        self.driver().stats()
    }

    // ---- handlers ----

    /// Replaces the handler for the open connection.
    pub fn set_onopen(&self, handler: impl FnMut(&Self, OpenEvent) + 'static) {
        self.set(Kind::Open, handlers::open(handler));
    }

    /// Replaces the handler for messages, also from inside itself.
    pub fn set_onmessage(&self, handler: impl FnMut(&Self, Message) + 'static) {
        self.set(Kind::Message, handlers::message(handler));
    }

    /// Replaces the handler for trouble.
    pub fn set_onerror(&self, handler: impl FnMut(&Self, ErrorEvent) + 'static) {
        self.set(Kind::Error, handlers::error(handler));
    }

    /// Replaces the handler for the end of the connection.
    pub fn set_onclose(&self, handler: impl FnMut(&Self, CloseEvent) + 'static) {
        self.set(Kind::Close, handlers::close(handler));
    }

    /// Replaces the handler for room that is back.
    pub fn set_ondrain(&self, handler: impl FnMut(&Self, DrainEvent) + 'static) {
        self.set(Kind::Drain, handlers::drain(handler));
    }

    /// Replaces the handler for messages that were accepted and will not be sent.
    pub fn set_ondrop(&self, handler: impl FnMut(&Self, DropEvent) + 'static) {
        self.set(Kind::Drop, handlers::dropped(handler));
    }

    /// Removes the handler for the open connection.
    pub fn clear_onopen(&self) {
        self.clear(Kind::Open);
    }

    /// Removes the handler for messages.
    pub fn clear_onmessage(&self) {
        self.clear(Kind::Message);
    }

    /// Removes the handler for trouble.
    pub fn clear_onerror(&self) {
        self.clear(Kind::Error);
    }

    /// Removes the handler for the end of the connection.
    pub fn clear_onclose(&self) {
        self.clear(Kind::Close);
    }

    /// Removes the handler for room that is back.
    pub fn clear_ondrain(&self) {
        self.clear(Kind::Drain);
    }

    /// Removes the handler for messages that will not be sent.
    pub fn clear_ondrop(&self) {
        self.clear(Kind::Drop);
    }

    /// Adds a listener for the open connection.
    pub fn on_open(&self, listener: impl FnMut(&Self, OpenEvent) + 'static) -> Listener {
        self.add(Kind::Open, handlers::open(listener))
    }

    /// Adds a listener for messages. With several, all but the last get a clone.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(socket: &sluicegate::WebSocket) {
    /// let listener = socket.on_message(|_, message| println!("{} bytes", message.byte_len()));
    /// // …
    /// drop(listener); // and nothing is heard any more; `forget` keeps it
    /// # }
    /// ```
    pub fn on_message(&self, listener: impl FnMut(&Self, Message) + 'static) -> Listener {
        self.add(Kind::Message, handlers::message(listener))
    }

    /// Adds a listener for trouble.
    pub fn on_error(&self, listener: impl FnMut(&Self, ErrorEvent) + 'static) -> Listener {
        self.add(Kind::Error, handlers::error(listener))
    }

    /// Adds a listener for the end of the connection.
    pub fn on_close(&self, listener: impl FnMut(&Self, CloseEvent) + 'static) -> Listener {
        self.add(Kind::Close, handlers::close(listener))
    }

    /// Adds a listener for room that is back after a message was [queued](Outcome::Queued).
    pub fn on_drain(&self, listener: impl FnMut(&Self, DrainEvent) + 'static) -> Listener {
        self.add(Kind::Drain, handlers::drain(listener))
    }

    /// Adds a listener for messages that were accepted and will not be sent; see
    /// [`WebSocketBuilder::on_drop`].
    pub fn on_drop(&self, listener: impl FnMut(&Self, DropEvent) + 'static) -> Listener {
        self.add(Kind::Drop, handlers::dropped(listener))
    }

    /// Adds a listener for what happens inside; see [`WebSocketBuilder::on_tap`].
    pub fn on_tap(&self, listener: impl FnMut(&Self, TapEvent) + 'static) -> Listener {
        self.add(Kind::Tap, handlers::tap(listener))
    }

    fn set(&self, kind: Kind, handler: Handler) {
        if !self.has_ended() {
            self.handlers().set(kind, Some(handler));
            self.driver().listen();
        }
    }

    fn clear(&self, kind: Kind) {
        self.handlers().set(kind, None);
        self.driver().listen();
    }

    fn add(&self, kind: Kind, handler: Handler) -> Listener {
        if self.has_ended() {
            return Listener {
                id: 0,
                handlers: Weak::new(),
                kind,
            };
        }
        let handlers = self.handlers();
        let listener = Listener {
            id: handlers.add(kind, handler),
            handlers: Rc::downgrade(&handlers),
            kind,
        };
        self.driver().listen();
        listener
    }

    /// Whether no handler will be called any more: one that is set now is dropped at once.
    fn has_ended(&self) -> bool {
        self.driver().close_event().is_some()
    }

    /// The handlers, made when the first one is set.
    fn handlers(&self) -> Rc<Handlers> {
        let consumer = self.driver().consumer();
        let handlers = consumer.and_then(|consumer| Rc::downcast(consumer as Rc<dyn Any>).ok());
        handlers.unwrap_or_else(|| {
            let handlers = Rc::<Handlers>::default();
            self.set_consumer(handlers.clone());
            handlers
        })
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("request", self.driver().request())
            .field("ready_state", &self.ready_state())
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.driver.detach();
    }
}

/// Connects with default options and waits until the connection is open.
///
/// # Errors
///
/// As [`WebSocketBuilder::connect`].
///
/// # Cancel safety
///
/// Nothing happens before the first poll. Dropping the future afterwards closes the socket.
///
/// # Examples
///
/// ```no_run
/// use futures::{SinkExt, StreamExt};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = sluicegate::connect("wss://example.com/chat").await?;
/// stream.send("hello".into()).await?;
/// while let Some(message) = stream.next().await {
///     println!("{:?}", message?);
/// }
/// # Ok(())
/// # }
/// ```
pub fn connect(url: impl Into<String>) -> Connect {
    WebSocket::builder(url).connect()
}

/// A listener of a socket, removed on drop.
#[must_use = "the listener is removed when this is dropped; call `forget` to keep it"]
pub struct Listener {
    handlers: Weak<Handlers>,
    kind: Kind,
    id: u32,
}

impl Listener {
    /// Keeps the listener until the connection ends.
    pub fn forget(mut self) {
        self.handlers = Weak::new();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(handlers) = self.handlers.upgrade() {
            handlers.remove(self.kind, self.id);
            handlers.announce();
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.kind).finish()
    }
}
