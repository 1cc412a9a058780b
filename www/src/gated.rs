//! A flood through the gate.

use std::rc::Rc;

use futures_util::StreamExt;
use gloo_timers::future::TimeoutFuture;
use sluicegate::{
    Message, ReadyState, SendError, TrySendError, WebSocket, WebSocketBuilder, WebSocketStream,
};

use crate::pace::Pace;
use crate::plan::Mode;
use crate::run::{Channel, Run};
use crate::signal::Signal;
use crate::turn::{self, Turn};

/// Milliseconds between two looks whether the machine's memory allows more.
const HELD_INTERVAL: u32 = 16;

/// Sends everything, and asks the peer what arrived.
pub(crate) async fn flood(run: Rc<Run>) -> Result<(), String> {
    let mut stream = builder(&run)
        .connect()
        .await
        .map_err(|error| error.to_string())?;
    let socket = stream.socket().clone();
    run.begin(Channel::Gated(socket.clone()))?;
    match run.plan.mode {
        Mode::Queue => offer_each(&run, &socket).await?,
        _ => send_each(&run, &socket).await?,
    }
    if run.plan.is_counted() {
        socket
            .send("report")
            .await
            .map_err(|error| error.to_string())?;
        run.count_question();
        run.finish_sending();
        run.take_report(&next_text(&mut stream).await?)?;
    } else {
        run.finish_sending();
        socket.drained().await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn builder(run: &Rc<Run>) -> WebSocketBuilder {
    let (tapped, dropped) = (Rc::downgrade(run), Rc::downgrade(run));
    let builder = WebSocket::builder(run.plan.url())
        .options(run.plan.options)
        .on_tap(move |_, event| {
            if let Some(run) = tapped.upgrade() {
                run.handle_tap(event);
            }
        })
        .on_drop(move |_, event| {
            if let Some(run) = dropped.upgrade() {
                run.handle_drop(&event);
            }
        });
    match run.plan.rate_limit {
        Some(limit) => builder.rate_limit(limit),
        None => builder,
    }
}

/// One after the other; the future waits while the gate is shut.
async fn send_each(run: &Run, socket: &WebSocket) -> Result<(), String> {
    let mut turn = Turn::begin();
    while run.wants_more() {
        let sent = send_one(run, socket).await;
        sent.map_err(|error| error.to_string())?;
        run.sample();
        turn.share().await;
        while !run.may_send() && !run.is_stopped() {
            TimeoutFuture::new(HELD_INTERVAL).await;
        }
    }
    Ok(())
}

async fn send_one(run: &Run, socket: &WebSocket) -> Result<(), SendError> {
    let number = run.count_offered();
    let message = run.plan.payload(number);
    let sent = match run.plan.send_options(number) {
        Some(options) => socket.send_with(message, options).await,
        None => socket.send(message).await,
    };
    match sent {
        Err(SendError::Dropped(..)) => Ok(()), // as was asked for
        sent => sent,
    }
}

/// At the pace of the producer. While the queue is full it waits until all has drained, if the
/// queue says that it is full.
async fn offer_each(run: &Run, socket: &WebSocket) -> Result<(), String> {
    let (_listeners, room) = listen_for_room(socket);
    let mut pace = Pace::begin(run.plan.pace);
    while run.wants_more() {
        // No drain is told after the end.
        if socket.ready_state() > ReadyState::Open {
            return Err("the connection is closing or closed".into());
        }
        match offer_some(run, socket, &mut pace) {
            Ok(()) => turn::step_aside().await,
            Err(TrySendError::Full(_)) => {
                run.count_given_back();
                room.next().await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

/// Until all is sent, nothing is due, or others want a turn.
fn offer_some(run: &Run, socket: &WebSocket, pace: &mut Pace) -> Result<(), TrySendError> {
    let size = run.plan.size;
    let turn = Turn::begin();
    while run.wants_more() && run.may_send() && pace.is_due(size) && !turn.is_over() {
        let number = run.offered();
        let message = run.plan.payload(number);
        match run.plan.send_options(number) {
            Some(options) => socket.try_send_with(message, options)?,
            None => socket.try_send(message)?,
        };
        run.count_offered();
        pace.take(size);
        run.sample();
    }
    Ok(())
}

/// Told when there is room again, and at the end.
fn listen_for_room(socket: &WebSocket) -> ([sluicegate::Listener; 2], Rc<Signal>) {
    let room = Rc::new(Signal::default());
    let (drained, closed) = (room.clone(), room.clone());
    let listeners = [
        socket.on_drain(move |_, _| drained.set()),
        socket.on_close(move |_, _| closed.set()),
    ];
    (listeners, room)
}

async fn next_text(stream: &mut WebSocketStream) -> Result<String, String> {
    match stream.next().await {
        Some(Ok(Message::Text(text))) => Ok(text),
        Some(Ok(Message::Binary(_))) => Err("the peer answered in binary".into()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the connection ended before the peer had answered".into()),
    }
}
