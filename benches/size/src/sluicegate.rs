//! The app with sluicegate.

use futures_util::{SinkExt, StreamExt};
use sluicegate::Message;

use crate::{URL, log};

pub(crate) async fn chat() -> Option<()> {
    let mut stream = sluicegate::connect(URL).await.ok()?;
    stream.send("hello".into()).await.ok()?;
    while let Some(message) = stream.next().await {
        if let Message::Text(text) = message.ok()? {
            log(&text);
        }
    }
    stream.close().await.ok()
}
