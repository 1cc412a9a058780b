//! What the async methods return.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_core::future::FusedFuture;

use crate::driver::{Driver, Waiter};
use crate::machine::{Sending, Ticket};
use crate::{
    CloseEvent, ConnectError, DrainError, Message, SendError, SendOptions, WebSocket,
    WebSocketBuilder, WebSocketStream,
};

/// Resolves when the connection is open. From [`connect`](crate::connect()) and
/// [`WebSocketBuilder::connect`].
///
/// # Cancel safety
///
/// Nothing happens before the first poll. Dropping the future afterwards closes the socket.
#[must_use = "futures do nothing unless polled"]
pub struct Connect(Step);

enum Step {
    Start(Box<WebSocketBuilder>),
    Wait(WebSocketStream),
    Done,
}

impl Connect {
    pub(crate) fn new(builder: WebSocketBuilder) -> Self {
        Self(Step::Start(Box::new(builder)))
    }
}

impl Future for Connect {
    type Output = Result<WebSocketStream, ConnectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stream = match core::mem::replace(&mut self.0, Step::Done) {
            Step::Start(builder) => builder.open_stream()?,
            Step::Wait(stream) => stream,
            Step::Done => return Poll::Pending,
        };
        match stream.poll_open(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(stream)),
            Poll::Ready(Err(close)) => Poll::Ready(Err(ConnectError::Failed(close))),
            Poll::Pending => {
                self.0 = Step::Wait(stream);
                Poll::Pending
            }
        }
    }
}

impl FusedFuture for Connect {
    fn is_terminated(&self) -> bool {
        matches!(self.0, Step::Done)
    }
}

/// Resolves when the message was handed to the browser, or queued before the connection is open.
/// From [`WebSocket::send`].
///
/// # Cancel safety
///
/// If the future is dropped before it resolves, the message is not sent.
#[must_use = "futures do nothing unless polled"]
pub struct Send {
    waiter: Waiter<Message>,
    socket: WebSocket,
    message: Option<Message>,
}

impl Send {
    pub(crate) fn new(socket: WebSocket, message: Message) -> Self {
        Self {
            waiter: Waiter::new(socket.driver()),
            socket,
            message: Some(message),
        }
    }
}

impl Future for Send {
    type Output = Result<(), SendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        ready!(this.socket.driver().poll_room(&mut this.waiter, cx));
        match this.message.take() {
            Some(message) => Poll::Ready(this.socket.driver().send(message)),
            None => Poll::Pending,
        }
    }
}

impl FusedFuture for Send {
    fn is_terminated(&self) -> bool {
        self.message.is_none()
    }
}

/// Resolves when the message was handed to the browser. From [`WebSocket::send_with`].
///
/// # Cancel safety
///
/// If the future is dropped before it resolves, the message is taken out of the queue again and not
/// sent.
#[must_use = "futures do nothing unless polled"]
pub struct SendWith {
    waiter: Waiter<Message>,
    socket: WebSocket,
    stage: Stage,
}

enum Stage {
    Start(Message, SendOptions),
    Wait(Ticket),
    Done,
}

impl SendWith {
    pub(crate) fn new(socket: WebSocket, message: Message, options: SendOptions) -> Self {
        Self {
            waiter: Waiter::new(socket.driver()),
            socket,
            stage: Stage::Start(message, options),
        }
    }
}

impl Future for SendWith {
    type Output = Result<(), SendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let driver = this.socket.driver();
        let ticket = match core::mem::replace(&mut this.stage, Stage::Done) {
            Stage::Start(message, options) => match driver.send_with(message, options)? {
                Sending::Sent => return Poll::Ready(Ok(())),
                Sending::Waits(ticket) => ticket,
            },
            Stage::Wait(ticket) => ticket,
            Stage::Done => return Poll::Pending,
        };
        let fate = driver.poll_fate(ticket, &mut this.waiter, cx);
        if fate.is_pending() {
            this.stage = Stage::Wait(ticket);
        }
        fate
    }
}

impl FusedFuture for SendWith {
    fn is_terminated(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }
}

impl Drop for SendWith {
    fn drop(&mut self) {
        if let Stage::Wait(ticket) = self.stage {
            self.socket.driver().cancel(ticket);
        }
    }
}

/// Resolves when everything has left the browser's buffer. From [`WebSocket::drained`].
///
/// # Cancel safety
///
/// Dropping the future changes nothing.
#[must_use = "futures do nothing unless polled"]
pub struct Drained {
    waiter: Waiter<Message>,
    socket: WebSocket,
}

impl Drained {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self {
            waiter: Waiter::new(socket.driver()),
            socket,
        }
    }
}

impl Future for Drained {
    type Output = Result<(), DrainError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let drained = this.socket.driver().poll_drained(&mut this.waiter, cx);
        drained.map_err(DrainError)
    }
}

/// Resolves with the close event. From [`WebSocket::closed`] and
/// [`Controller::closed`](crate::Controller::closed).
///
/// # Cancel safety
///
/// Dropping the future changes nothing.
#[must_use = "futures do nothing unless polled"]
pub struct Closed {
    waiter: Waiter<Message>,
    driver: Rc<Driver<Message>>,
}

impl Closed {
    pub(crate) fn new(driver: &Rc<Driver<Message>>) -> Self {
        Self {
            waiter: Waiter::new(driver),
            driver: driver.clone(),
        }
    }
}

impl Future for Closed {
    type Output = CloseEvent;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseEvent> {
        let this = &mut *self;
        this.driver.poll_closed(&mut this.waiter, cx)
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").finish_non_exhaustive()
    }
}

impl fmt::Debug for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").finish_non_exhaustive()
    }
}

impl fmt::Debug for SendWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendWith").finish_non_exhaustive()
    }
}

impl fmt::Debug for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drained").finish_non_exhaustive()
    }
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
