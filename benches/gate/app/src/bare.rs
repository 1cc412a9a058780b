//! The browser's own `WebSocket`, and everything pushed into `send` at once.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, WebSocket};

use crate::case::{Case, Messages};
use crate::watch::{Channel, Watch};

/// Returns the peer's report.
pub(crate) async fn ungated(case: &Case, watch: &Rc<Watch>) -> Result<String, String> {
    let socket = WebSocket::new(&case.url).map_err(|_| "the browser refused to connect")?;
    opened(&socket).await?;
    watch.begin(Channel::Bare(socket.clone()));
    let reply = reply(&socket);
    watch.stretch(|| send_all(case, watch, &socket))?;
    reply.await
}

fn send_all(case: &Case, watch: &Watch, socket: &WebSocket) -> Result<(), String> {
    let refused = |_| "the browser refused a message";
    let mut messages = Messages::new(case);
    while let Some(message) = messages.next() {
        socket.send_with_u8_array(message).map_err(refused)?;
        watch.count_bare(message.len());
    }
    socket.send_with_str("report").map_err(refused)?;
    Ok(())
}

async fn opened(socket: &WebSocket) -> Result<(), String> {
    let opened = Promise::new(&mut |resolve, reject| {
        socket.set_onopen(Some(&resolve));
        socket.set_onclose(Some(&reject));
    });
    let opened = JsFuture::from(opened).await;
    opened.map(drop).map_err(|_| "the connection failed".into())
}

/// The next text from the peer. It is listened for from the call on.
fn reply(socket: &WebSocket) -> impl Future<Output = Result<String, String>> + use<> {
    let reply = Promise::new(&mut |resolve, reject| {
        socket.set_onmessage(Some(&resolve));
        socket.set_onclose(Some(&reject));
    });
    async move {
        let event = JsFuture::from(reply).await;
        let event: Option<MessageEvent> = event.ok().and_then(|event| event.dyn_into().ok());
        let text = event.and_then(|event| event.data().as_string());
        text.ok_or_else(|| "the connection ended before the peer had answered".into())
    }
}
