//! How a socket is set up before it connects.

use std::any::Any;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::browser::{self, BrowserClock, BrowserSocket, FrameClock};
use crate::driver::{Batches, Clock, Consumer, Driver};
use crate::future::Connect;
use crate::handlers::{self, Handler, Handlers, Kind};
use crate::machine::{Machine, TokenBucket};
use crate::request::Request;
use crate::{
    Batch, CloseEvent, ConnectError, DrainEvent, DropEvent, ErrorEvent, InvalidOption, Message,
    OpenEvent, Options, RateLimit, TapEvent, WebSocket, WebSocketStream,
};

/// Everything about a socket that is said before it connects. Made by [`WebSocket::builder`].
///
/// Handlers given here are in place before the connection starts, so nothing is missed. Each is
/// given the socket, so that it need not capture a handle: a handler that holds a handle to its own
/// socket keeps it alive until the connection ends. Handlers are called from the event loop only,
/// never from inside a method. One that panics takes the wasm instance down, as everywhere, and its
/// socket stays silent.
///
/// # Examples
///
/// ```no_run
/// use sluicegate::{Options, WebSocket};
///
/// let socket = WebSocket::builder("wss://example.com/chat")
///     .protocols(["chat.v2"])
///     .options(Options::new().high_water_mark(256 << 10).low_water_mark(64 << 10))
///     .on_open(|socket, _| { socket.try_send("hello").ok(); })
///     .on_message(|_, message| println!("{message:?}"))
///     .on_close(|_, close| println!("{close}"))
///     .open()?;
/// # Ok::<(), sluicegate::ConnectError>(())
/// ```
#[derive(Default)]
#[must_use = "nothing connects until `open`, `open_stream` or `connect` is called"]
pub struct WebSocketBuilder {
    request: Request,
    options: Options,
    consumer: Option<Rc<dyn Consumer<Message>>>,
    /// The policies that were asked for; those that were not are not linked.
    policies: Vec<Policy>,
    invalid: Option<InvalidOption>,
}

/// Installs something on a socket that has not started.
type Policy = Box<dyn FnOnce(&Rc<Driver<Message>>, &Options)>;

impl WebSocketBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            request: Request {
                url,
                protocols: Vec::new(),
            },
            ..Self::default()
        }
    }

    /// Sets the subprotocols to ask for, in order of preference. Default: none.
    ///
    /// The connection fails when the server selects none of them, or another: Chromium does that
    /// itself, Firefox and WebKitGTK would open it (measured).
    pub fn protocols<S: Into<String>>(mut self, protocols: impl IntoIterator<Item = S>) -> Self {
        self.request.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the limits. Default: [`Options::new`].
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets the handler for the open connection.
    pub fn on_open(self, handler: impl FnMut(&WebSocket, OpenEvent) + 'static) -> Self {
        self.with(Kind::Open, handlers::open(handler))
    }

    /// Sets the handler for messages.
    pub fn on_message(self, handler: impl FnMut(&WebSocket, Message) + 'static) -> Self {
        self.with(Kind::Message, handlers::message(handler))
    }

    /// Sets the handler for trouble; see [`ErrorEvent`] for how little it says.
    pub fn on_error(self, handler: impl FnMut(&WebSocket, ErrorEvent) + 'static) -> Self {
        self.with(Kind::Error, handlers::error(handler))
    }

    /// Sets the handler for the end of the connection. It is called exactly once, also when the
    /// connection never opened; all handlers are dropped after it.
    pub fn on_close(self, handler: impl FnMut(&WebSocket, CloseEvent) + 'static) -> Self {
        self.with(Kind::Close, handlers::close(handler))
    }

    /// Sets the handler for room that is back after a message was [queued](crate::Outcome::Queued).
    /// It is not called any more once the connection closes.
    pub fn on_drain(self, handler: impl FnMut(&WebSocket, DrainEvent) + 'static) -> Self {
        self.with(Kind::Drain, handlers::drain(handler))
    }

    /// Sets the handler for messages that were accepted, by `Ok` or by a sink, and will not be sent:
    /// one call for each, with the message and the cause, before the close event. It is called in
    /// the next turn of the event loop; until then the messages are kept.
    ///
    /// Messages that `try_send`, `send` or the sink gave back were never accepted and are not told;
    /// those of [`WebSocket::send_with`] that waited in the queue are told here and to their sender.
    pub fn on_drop(self, handler: impl FnMut(&WebSocket, DropEvent) + 'static) -> Self {
        self.with(Kind::Drop, handlers::dropped(handler))
    }

    /// Sets the handler for messages that takes all at once that arrived since the last frame or
    /// within an interval, in order, also while the page is hidden. What is left at the end is given
    /// before the close event.
    ///
    /// A batch ends early when it holds more than [`Options::inbox_capacity`] bytes. It is
    /// independent of [`Self::on_message`] and of a stream: each is given every message.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use sluicegate::{Batch, WebSocket};
    ///
    /// let socket = WebSocket::builder("wss://example.com/prices")
    ///     .on_messages(Batch::Frame, |_, messages| println!("{} prices", messages.len()))
    ///     .open()?;
    /// # Ok::<(), sluicegate::ConnectError>(())
    /// ```
    pub fn on_messages(
        mut self,
        batch: Batch,
        handler: impl FnMut(&WebSocket, Vec<Message>) + 'static,
    ) -> Self {
        if let Batch::Interval(interval) = batch
            && interval.as_millis() == 0
        {
            self.invalid = Some(InvalidOption::Batch);
        }
        self.policies.push(Box::new(move |driver, options| {
            let (clock, delay): (Box<dyn Clock>, _) = match batch {
                Batch::Frame => (Box::new(FrameClock::default()), Duration::ZERO),
                Batch::Interval(interval) => {
                    (Box::new(BrowserClock::new(options.wake_source)), interval)
                }
            };
            Batches::install(driver, clock, delay, options.inbox_capacity);
        }));
        self.with(Kind::Messages, handlers::messages(handler))
    }

    /// Sets who hears what happens inside: for logging, telemetry and tests. Without it nothing is
    /// collected.
    pub fn on_tap(self, handler: impl FnMut(&WebSocket, TapEvent) + 'static) -> Self {
        self.with(Kind::Tap, handlers::tap(handler))
    }

    /// Limits how fast messages are handed to the browser. Default: no limit; a second call replaces
    /// the first. The rest waits as it does for the gate. `bufferedAmount` is read before each send.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.invalid = self.invalid.or_else(|| limit.validate().err());
        self.policies.push(Box::new(move |driver, _| {
            driver.set_limit(Box::new(TokenBucket::new(&limit)));
        }));
        self
    }

    /// Lets a message that arrives replace an older one that a stream has not read yet, in its
    /// place, if the function gives both the same key: for feeds of which only the newest counts.
    /// `None`: the message is kept like any other. Replaced messages are counted in
    /// [`Stats::messages_conflated`](crate::Stats::messages_conflated).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), sluicegate::ConnectError> {
    /// use sluicegate::WebSocket;
    ///
    /// let prices = WebSocket::builder("wss://example.com/prices")
    ///     .conflate(|message| Some(message.as_text()?.split_once(' ')?.0.to_owned()))
    ///     .connect()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn conflate(mut self, key: impl Fn(&Message) -> Option<String> + 'static) -> Self {
        self.policies.push(Box::new(move |driver, _| {
            driver.set_key_of(Rc::new(key));
        }));
        self
    }

    /// Starts to connect and returns at once, in CONNECTING.
    ///
    /// # Errors
    ///
    /// Whatever can be known before: [`ConnectError::InvalidUrl`], `InvalidProtocol`,
    /// `DuplicateProtocol`, `InvalidOption`, `InsecureContext`, `Blocked`, `Unsupported`. A
    /// connection that fails later is told by the close event.
    pub fn open(self) -> Result<WebSocket, ConnectError> {
        let socket = self.prepare()?;
        socket.driver().start()?;
        Ok(socket)
    }

    /// Like [`Self::open`], as a stream: what arrives is kept from the start.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_stream(self) -> Result<WebSocketStream, ConnectError> {
        let socket = self.prepare()?;
        let stream = WebSocketStream::new(&socket);
        socket.driver().start()?;
        Ok(stream)
    }

    /// Connects, and waits until the connection is open.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], and [`ConnectError::Failed`] with the close event when the connection did
    /// not come to be.
    ///
    /// # Cancel safety
    ///
    /// Nothing happens before the first poll. Dropping the future afterwards closes the socket.
    pub fn connect(self) -> Connect {
        Connect::new(self)
    }

    fn with(mut self, kind: Kind, handler: Handler) -> Self {
        let handlers: Rc<Handlers> = match self.consumer.take() {
            Some(consumer) => Rc::downcast(consumer as Rc<dyn Any>).unwrap_or_default(),
            None => Rc::default(),
        };
        handlers.set(kind, Some(handler));
        self.consumer = Some(handlers);
        self
    }

    /// A socket that has not started.
    fn prepare(self) -> Result<WebSocket, ConnectError> {
        if !browser::IS_WEB {
            return Err(ConnectError::Unsupported);
        }
        self.options.validate()?;
        if let Some(invalid) = self.invalid {
            return Err(invalid.into());
        }
        self.request.check(browser::page())?;
        let driver = Driver::new(
            Machine::new(self.options),
            self.request,
            Box::new(BrowserSocket::default()),
            Box::new(BrowserClock::new(self.options.wake_source)),
        );
        for install in self.policies {
            install(&driver, &self.options);
        }
        let socket = WebSocket::new(driver);
        if let Some(consumer) = self.consumer {
            socket.set_consumer(consumer);
        }
        Ok(socket)
    }
}

impl fmt::Debug for WebSocketBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketBuilder")
            .field("request", &self.request)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
