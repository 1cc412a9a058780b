//! Messages there and back.

use futures::{SinkExt, StreamExt};
use sluicegate::{Message, ReadyState};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{url, within};

#[test]
async fn text_and_binary_come_back_anywhere() {
    let url = url("/echo").await;
    let mut stream = within(10, "connect", sluicegate::connect(url))
        .await
        .unwrap();
    assert_eq!(stream.socket().ready_state(), ReadyState::Open);
    for message in [
        Message::from("grüß dich"),
        Message::from([0, 1, 255]),
        Message::from(""),
    ] {
        stream.send(message.clone()).await.unwrap();
        let back = within(10, "echo", stream.next()).await.unwrap().unwrap();
        assert_eq!(back, message);
    }
    within(10, "close", stream.close()).await.unwrap();
    assert_eq!(stream.next().await, None);
}
