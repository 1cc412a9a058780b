//! The app with gloo-net.

use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message, futures::WebSocket};

use crate::{URL, log};

pub(crate) async fn chat() -> Option<()> {
    let mut socket = WebSocket::open(URL).ok()?;
    socket.send(Message::Text("hello".into())).await.ok()?;
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message.ok()? {
            log(&text);
        }
    }
    socket.close(None, None).ok()
}
