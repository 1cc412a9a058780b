//! A socket as `Stream` and `Sink`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use crate::driver::Waiter;
use crate::{CloseEvent, Message, StreamError, WebSocket};

/// A WebSocket as a [`Stream`] of what arrives and a [`Sink`] for what is sent. From
/// [`connect`](crate::connect()), [`WebSocketBuilder::open_stream`](crate::WebSocketBuilder::open_stream)
/// and [`WebSocket::into_stream`].
///
/// The stream ends with `None` after 1000, 1001 and 1005, and with one last
/// [`StreamError::Closed`] before it otherwise. [`WebSocket::closed`] of [`Self::socket`] tells why.
///
/// # Backpressure
///
/// The sink is ready while the gate is open (see [`WebSocket`]), and flushed when every message was
/// handed to the browser; [`WebSocket::drained`] waits until they have left it. Closing it hands
/// over what is queued, closes with 1000 and waits for the close event.
///
/// What arrives is kept up to [`Options::inbox_capacity`](crate::Options::inbox_capacity); beyond it
/// [`Options::inbox_overflow`](crate::Options::inbox_overflow) decides: by default the connection is
/// closed with 4009 and the stream ends with [`StreamError::Overflow`], after what had fitted.
/// [`WebSocketBuilder::conflate`](crate::WebSocketBuilder::conflate) keeps only the newest message
/// of each key.
///
/// # Cancel safety
///
/// Dropping a future of `StreamExt::next` or `SinkExt::send` loses nothing that was received; a
/// message that was not handed over goes with its future.
///
/// # Examples
///
/// ```no_run
/// use futures::{SinkExt, StreamExt};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let stream = sluicegate::connect("wss://example.com/echo").await?;
/// let (mut sender, mut receiver) = stream.into_split();
/// sender.send("hello".into()).await?;
/// assert_eq!(receiver.next().await.transpose()?, Some("hello".into()));
/// sender.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping the stream closes the connection"]
pub struct WebSocketStream {
    sender: WebSocketSender,
    receiver: WebSocketReceiver,
}

impl WebSocketStream {
    /// The stream of a socket that has none.
    pub(crate) fn new(socket: &WebSocket) -> Self {
        socket.driver().open_inbox();
        Self::with_inbox(socket)
    }

    pub(crate) fn with_inbox(socket: &WebSocket) -> Self {
        Self {
            sender: WebSocketSender::new(socket),
            receiver: WebSocketReceiver::new(socket),
        }
    }

    /// Waits for OPEN.
    pub(crate) fn poll_open(&mut self, cx: &Context<'_>) -> Poll<Result<(), CloseEvent>> {
        let sender = &mut self.sender;
        sender.socket.driver().poll_open(&mut sender.waiter, cx)
    }

    /// The handle of the socket.
    pub fn socket(&self) -> &WebSocket {
        &self.sender.socket
    }

    /// Two halves, for two tasks. The connection is closed when both are dropped.
    pub fn into_split(self) -> (WebSocketSender, WebSocketReceiver) {
        (self.sender, self.receiver)
    }
}

impl Stream for WebSocketStream {
    type Item = Result<Message, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receiver).poll_next(cx)
    }
}

impl FusedStream for WebSocketStream {
    fn is_terminated(&self) -> bool {
        self.receiver.is_terminated()
    }
}

impl Sink<Message> for WebSocketStream {
    type Error = StreamError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        Pin::new(&mut self.sender).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), StreamError> {
        Pin::new(&mut self.sender).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        Pin::new(&mut self.sender).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        Pin::new(&mut self.sender).poll_close(cx)
    }
}

/// The sending half of a [`WebSocketStream`].
#[must_use = "dropping both halves closes the connection"]
pub struct WebSocketSender {
    waiter: Waiter<Message>,
    socket: WebSocket,
    /// How many drops were told.
    told: u64,
}

impl WebSocketSender {
    fn new(socket: &WebSocket) -> Self {
        Self {
            waiter: Waiter::new(socket.driver()),
            socket: socket.clone(),
            told: socket.driver().lost(),
        }
    }

    /// The handle of the socket.
    pub fn socket(&self) -> &WebSocket {
        &self.socket
    }

    /// Tells of messages that were dropped since the last time.
    fn account(&mut self, dropped: u64) -> Result<(), StreamError> {
        let messages = dropped.saturating_sub(core::mem::replace(&mut self.told, dropped));
        if messages == 0 {
            Ok(())
        } else {
            Err(StreamError::Dropped { messages })
        }
    }
}

impl Sink<Message> for WebSocketSender {
    type Error = StreamError;

    /// Ready while the gate is open. A connection that has ended is ready too: `start_send` tells,
    /// and gives the message back.
    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        let this = &mut *self;
        this.socket.driver().poll_room(&mut this.waiter, cx).map(Ok)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), StreamError> {
        Ok(self.socket.driver().send(message)?)
    }

    /// Ready when every message was handed to the browser; an error when one was dropped instead.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        let this = &mut *self;
        let dropped = ready!(this.socket.driver().poll_flushed(&mut this.waiter, cx));
        Poll::Ready(this.account(dropped))
    }

    /// Closes with 1000 unless the connection is closing already, and waits for the close event.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        let this = &mut *self;
        this.socket.close();
        let close = ready!(this.socket.driver().poll_closed(&mut this.waiter, cx));
        Poll::Ready(if close.is_normal() {
            let dropped = this.socket.driver().lost();
            this.account(dropped)
        } else {
            Err(StreamError::Closed(close))
        })
    }
}

impl fmt::Debug for WebSocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketSender")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

/// The receiving half of a [`WebSocketStream`]. Dropping it throws away what was not read; from
/// then on nothing is kept.
#[must_use = "dropping both halves closes the connection"]
pub struct WebSocketReceiver {
    waiter: Waiter<Message>,
    socket: WebSocket,
    terminated: bool,
}

impl WebSocketReceiver {
    fn new(socket: &WebSocket) -> Self {
        Self {
            waiter: Waiter::new(socket.driver()),
            socket: socket.clone(),
            terminated: false,
        }
    }

    /// The handle of the socket.
    pub fn socket(&self) -> &WebSocket {
        &self.socket
    }

    /// How the stream ends: an error once, and only when something is wrong.
    fn last(&self) -> Option<StreamError> {
        if self.socket.driver().has_overflowed() {
            return Some(StreamError::Overflow);
        }
        let close = self.socket.driver().close_event()?;
        (!close.is_normal()).then_some(StreamError::Closed(close))
    }
}

impl Stream for WebSocketReceiver {
    type Item = Result<Message, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.terminated {
            return Poll::Ready(None);
        }
        let message = ready!(this.socket.driver().poll_message(&mut this.waiter, cx));
        Poll::Ready(match message {
            Some(Some(message)) => Some(Ok(message)),
            Some(None) => Some(Err(StreamError::Unreadable)),
            None => {
                this.terminated = true;
                this.last().map(Err)
            }
        })
    }
}

impl FusedStream for WebSocketReceiver {
    fn is_terminated(&self) -> bool {
        self.terminated
    }
}

impl Drop for WebSocketReceiver {
    fn drop(&mut self) {
        self.socket.driver().close_inbox();
    }
}

impl fmt::Debug for WebSocketReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketReceiver")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}
