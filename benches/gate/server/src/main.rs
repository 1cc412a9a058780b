//! The peer of the gate's benchmark: counts what arrives, fast, slowly or never.
//!
//! It listens on a free port of 127.0.0.1, prints `{"port":…}` and ends when its standard input
//! does. One thread per connection and blocking reads: 15 million messages of 64 bytes a second, and
//! 1.4 GiB/s of larger ones (measured), where browsers send 0.1 million and 0.6 GiB/s.

mod endpoint;
mod paced;
mod report;

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::http::StatusCode;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, HandshakeError, Message, WebSocket, accept_hdr_with_config};

use crate::endpoint::Endpoint;
use crate::paced::Paced;
use crate::report::Report;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", json!({ "port": listener.local_addr()?.port() }));
    thread::spawn(move || listen(&listener));
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn listen(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        thread::spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("connection: {error}");
            }
        });
    }
}

/// Serves one connection until it ends.
fn serve(stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let Some((mut socket, endpoint)) = accept(stream)? else {
        return Ok(());
    };
    match endpoint {
        Endpoint::Sink => {}
        Endpoint::Slow { rate } => socket.get_mut().set_rate(rate),
        // Dropped with bytes unread, which the client sees as a reset.
        Endpoint::Deaf { seconds } => {
            thread::sleep(Duration::from_secs(seconds));
            return Ok(());
        }
    }
    match count(&mut socket) {
        // A page that goes away need not take its leave.
        Error::ConnectionClosed | Error::Io(_) | Error::Protocol(_) => Ok(()),
        error => Err(error),
    }
}

/// The connection and what its URL asks for; `None` when it was refused.
fn accept(stream: TcpStream) -> Result<Option<(WebSocket<Paced>, Endpoint)>, Error> {
    let mut endpoint = None;
    #[expect(
        clippy::result_large_err,
        reason = "the callback's type is the library's"
    )]
    let choose = |request: &Request, response: Response| {
        endpoint = Endpoint::of(request.uri());
        match endpoint {
            Some(_) => Ok(response),
            None => Err(not_found()),
        }
    };
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE));
    match accept_hdr_with_config(Paced::new(stream), choose, Some(config)) {
        Ok(socket) => Ok(endpoint.map(|endpoint| (socket, endpoint))),
        Err(HandshakeError::Failure(Error::Http(_)) | HandshakeError::Interrupted(_)) => Ok(None),
        Err(HandshakeError::Failure(error)) => Err(error),
    }
}

fn not_found() -> ErrorResponse {
    let mut response = ErrorResponse::new(Some("there is no such endpoint".into()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Counts, and tells what was counted when asked, until the connection ends; returns how.
fn count(socket: &mut WebSocket<Paced>) -> Error {
    let mut report = Report::default();
    loop {
        let answered = match socket.read() {
            Ok(Message::Binary(bytes)) => {
                report.count(&bytes);
                continue;
            }
            Ok(Message::Text(text)) if text.as_str() == "report" => {
                socket.send(report.to_json().into())
            }
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        if let Err(error) = answered {
            return error;
        }
    }
}

/// In bytes; also the default for frames.
const MAX_MESSAGE: usize = 16 << 20;
