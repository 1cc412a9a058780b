//! A flood through the gate.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::StreamExt;
use gloo_timers::future::TimeoutFuture;
use sluicegate::{Message, ReadyState, TrySendError, WebSocket, WebSocketStream};

use crate::plan::Mode;
use crate::run::{Channel, Run};
use crate::turn::Turn;

/// Sends everything, and asks the peer what arrived.
pub(crate) async fn flood(run: Rc<Run>) -> Result<(), String> {
    let builder = WebSocket::builder(run.plan.url()).options(run.plan.options);
    let mut stream = builder.connect().await.map_err(|error| error.to_string())?;
    let socket = stream.socket().clone();
    run.begin(Channel::Gated(socket.clone()))?;
    match run.plan.mode {
        Mode::Queue => fill_queue(&run, &socket).await?,
        _ => send_each(&run, &socket).await?,
    }
    if run.plan.is_counted() {
        socket
            .send("report")
            .await
            .map_err(|error| error.to_string())?;
        run.take_report(&next_text(&mut stream).await?)?;
    } else {
        socket.drained().await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// One after the other; the future waits while the gate is shut.
async fn send_each(run: &Run, socket: &WebSocket) -> Result<(), String> {
    let mut turn = Turn::begin();
    for number in 0..run.plan.messages {
        let sent = socket.send(run.plan.payload(number)).await;
        sent.map_err(|error| error.to_string())?;
        run.sample();
        turn.share().await;
    }
    Ok(())
}

/// As many as the queue takes, then more whenever it has drained.
async fn fill_queue(run: &Rc<Run>, socket: &WebSocket) -> Result<(), String> {
    let pump = Rc::new(Pump::default());
    let listener = socket.on_drain({
        let pump = pump.clone();
        move |_, _| pump.is_full.set(false)
    });
    while pump.accepted.get() < run.plan.messages {
        // No drain is told after the end.
        if socket.ready_state() > ReadyState::Open {
            return Err("the connection is closing or closed".into());
        }
        pump.fill(run, socket).map_err(|error| error.to_string())?;
        TimeoutFuture::new(0).await;
    }
    drop(listener);
    Ok(())
}

/// How far the filling of the queue has come.
#[derive(Default)]
struct Pump {
    accepted: Cell<u64>,
    is_full: Cell<bool>,
}

impl Pump {
    /// Until the queue is full, all is sent, or others want a turn.
    fn fill(&self, run: &Run, socket: &WebSocket) -> Result<(), TrySendError> {
        let turn = Turn::begin();
        while !self.is_full.get() && self.accepted.get() < run.plan.messages && !turn.is_over() {
            match socket.try_send(run.plan.payload(self.accepted.get())) {
                Ok(_) => self.accepted.set(self.accepted.get() + 1),
                Err(TrySendError::Full(_)) => self.is_full.set(true),
                Err(error) => return Err(error),
            }
            run.sample();
        }
        Ok(())
    }
}

async fn next_text(stream: &mut WebSocketStream) -> Result<String, String> {
    match stream.next().await {
        Some(Ok(Message::Text(text))) => Ok(text),
        Some(Ok(Message::Binary(_))) => Err("the peer answered in binary".into()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the connection ended before the peer had answered".into()),
    }
}
