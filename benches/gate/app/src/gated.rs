//! The three ways through the gate.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::{SinkExt, StreamExt};
use sluicegate::{Message, Outcome, WebSocket, WebSocketStream};

use crate::case::{Case, Messages};
use crate::watch::{Channel, Watch};

/// `SinkExt::send`. Returns the peer's report, as the others do.
pub(crate) async fn through_sink(case: &Case, watch: &Rc<Watch>) -> Result<String, String> {
    let mut stream = connect(case, watch).await?;
    watch
        .stretches(async {
            let mut messages = Messages::new(case);
            while let Some(message) = messages.next() {
                stream.send(message.to_vec().into()).await?;
            }
            stream.send("report".into()).await
        })
        .await
        .map_err(|error| error.to_string())?;
    next_text(&mut stream).await
}

/// `socket.send(..).await`.
pub(crate) async fn through_send(case: &Case, watch: &Rc<Watch>) -> Result<String, String> {
    let mut stream = connect(case, watch).await?;
    let socket = stream.socket();
    watch
        .stretches(async {
            let mut messages = Messages::new(case);
            while let Some(message) = messages.next() {
                socket.send(message).await?;
            }
            socket.send("report").await
        })
        .await
        .map_err(|error| error.to_string())?;
    next_text(&mut stream).await
}

async fn connect(case: &Case, watch: &Watch) -> Result<WebSocketStream, String> {
    let connect = sluicegate::connect(&case.url);
    let stream = connect.await.map_err(|error| error.to_string())?;
    watch.begin(Channel::Gated(stream.socket().clone()));
    Ok(stream)
}

async fn next_text(stream: &mut WebSocketStream) -> Result<String, String> {
    match stream.next().await {
        Some(Ok(Message::Text(text))) => Ok(text),
        Some(Ok(Message::Binary(_))) => Err("the peer answered in binary".into()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the connection ended before the peer had answered".into()),
    }
}

/// `try_send` until a message is queued, and on when the queue has drained.
pub(crate) async fn through_handlers(case: &Case, watch: &Rc<Watch>) -> Result<String, String> {
    let (told, end) = oneshot::channel();
    let flood = Rc::new(Flood {
        watch: watch.clone(),
        messages: RefCell::new(Messages::new(case)),
        asked: Cell::default(),
        told: Cell::new(Some(told)),
    });
    let (on_open, on_drain, on_message, on_close) =
        (flood.clone(), flood.clone(), flood.clone(), flood);
    let socket = WebSocket::builder(&case.url)
        .on_open(move |socket, _| {
            on_open.watch.begin(Channel::Gated(socket.clone()));
            on_open.go_on(socket);
        })
        .on_drain(move |socket, _| on_drain.go_on(socket))
        .on_message(move |_, message| match message {
            Message::Text(text) => on_message.tell(Ok(text)),
            Message::Binary(_) => on_message.tell(Err("the peer answered in binary".into())),
        })
        .on_close(move |_, close| on_close.tell(Err(close.to_string())))
        .open()
        .map_err(|error| error.to_string())?;
    let end = end
        .await
        .unwrap_or_else(|_| Err("no handler is left".into()));
    drop(socket);
    end
}

/// What the handlers share.
struct Flood {
    watch: Rc<Watch>,
    messages: RefCell<Messages>,
    /// Whether the peer was asked for its report.
    asked: Cell<bool>,
    told: Cell<Option<oneshot::Sender<Result<String, String>>>>,
}

impl Flood {
    fn go_on(&self, socket: &WebSocket) {
        if let Err(error) = self.watch.stretch(|| self.send_until_queued(socket)) {
            self.tell(Err(error));
        }
    }

    fn send_until_queued(&self, socket: &WebSocket) -> Result<(), String> {
        let mut messages = self.messages.borrow_mut();
        let send = |message: Message| socket.try_send(message).map_err(|error| error.to_string());
        while let Some(message) = messages.next() {
            if send(message.into())? == Outcome::Queued {
                return Ok(());
            }
        }
        if !self.asked.replace(true) {
            send("report".into())?;
        }
        Ok(())
    }

    fn tell(&self, end: Result<String, String>) {
        if let Some(told) = self.told.take() {
            told.send(end).ok();
        }
    }
}
