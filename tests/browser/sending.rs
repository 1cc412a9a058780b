//! The send queue, and who waits for it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt, stream};
use sluicegate::{Message, Options, Outcome, ReadyState, StreamError, TrySendError, WebSocket};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{Diary, seen_closed, settle, sleep, unique, url, within};

const SMALL: Options = Options::new()
    .high_water_mark(64 << 10)
    .low_water_mark(16 << 10);

/// ewebsock loses what is sent while connecting, and only logs it.
#[test]
async fn what_is_sent_while_connecting_arrives_first() {
    let diary = Diary::default();
    let note = diary.clone();
    let socket = WebSocket::builder(url("/echo").await)
        .on_open(|socket, _| {
            socket.try_send("third").unwrap();
        })
        .on_message(move |_, message| note.note(message.into_text().unwrap()))
        .open()
        .unwrap();
    assert_eq!(socket.try_send("first").unwrap(), Outcome::Queued);
    within(1, "send", socket.send("second")).await.unwrap();
    diary.until("third").await;
    assert_eq!(diary.lines(), ["first", "second", "third"]);
}

#[test]
async fn a_full_queue_gives_the_message_back_and_drain_tells_of_room() {
    let diary = Diary::default();
    let socket = WebSocket::builder(url("/sink").await)
        .options(SMALL.capacity(256 << 10))
        .on_drain({
            let diary = diary.clone();
            move |socket, _| {
                assert_eq!(socket.stats().messages_queued, 0);
                assert!(socket.buffered_amount() < 64 << 10);
                diary.note("drain");
            }
        })
        .open()
        .unwrap();
    within(10, "open", async {
        while socket.ready_state() != ReadyState::Open {
            sleep(5).await;
        }
    })
    .await;
    // In one task, in which bufferedAmount cannot fall.
    let message = vec![1_u8; 16 << 10];
    let mut outcomes = Vec::new();
    let refused = loop {
        match socket.try_send(message.clone()) {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => break error,
        }
    };
    let sent = outcomes
        .iter()
        .filter(|&&outcome| outcome == Outcome::Sent)
        .count();
    assert_eq!(sent, 4, "64 KiB pass the gate");
    assert_eq!(
        outcomes.len() - sent,
        15,
        "15 × (16 KiB + 64) fit into 256 KiB"
    );
    assert_eq!(refused, TrySendError::Full(message.into()));
    let huge = vec![0_u8; 1 << 20];
    assert!(matches!(
        socket.try_send(huge),
        Err(TrySendError::TooLarge(_))
    ));
    diary.until("drain").await;
    settle().await;
    assert_eq!(diary.lines(), ["drain"]);
    assert_eq!(socket.stats().messages_sent, 19);
}

#[test]
async fn a_message_larger_than_the_capacity_passes_alone() {
    let id = unique("huge");
    let socket =
        WebSocket::builder(url(&format!("/sink?id={id}")).await).options(SMALL.capacity(64 << 10));
    let mut stream = within(10, "connect", socket.connect()).await.unwrap();
    for _ in 0..3 {
        within(20, "1 MiB", stream.send(vec![0; 1 << 20].into()))
            .await
            .unwrap();
    }
    within(20, "close", stream.close()).await.unwrap();
    assert_eq!(seen_closed(&id).await.0.received.messages, 3);
}

#[test]
async fn senders_that_compete_take_turns_and_stay_below_the_mark() {
    const SENDERS: usize = 4;
    const EACH: usize = 200;
    let builder = WebSocket::builder(url("/sink").await).options(SMALL);
    let mut stream = within(10, "connect", builder.connect()).await.unwrap();
    let peak = Rc::new(Cell::new(0));
    let progress: Rc<[Cell<usize>; SENDERS]> = Rc::default();
    let lead = Rc::new(Cell::new(0));
    for index in 0..SENDERS {
        let socket = stream.socket().clone();
        let (peak, progress, lead) = (peak.clone(), progress.clone(), lead.clone());
        spawn_local(async move {
            for _ in 0..EACH {
                socket.send(vec![0_u8; 16 << 10]).await.unwrap();
                peak.set(peak.get().max(socket.buffered_amount()));
                progress[index].set(progress[index].get() + 1);
                let slowest = progress.iter().map(Cell::get).min().unwrap();
                lead.set(lead.get().max(progress[index].get() - slowest));
            }
        });
    }
    within(60, "all senders", async {
        while progress.iter().any(|progress| progress.get() < EACH) {
            sleep(10).await;
        }
    })
    .await;
    let bound = (64 << 10) + SENDERS as u64 * (16 << 10);
    assert!(peak.get() <= bound, "peak {} above {bound}", peak.get());
    assert!(
        lead.get() <= 20,
        "one sender was {} messages ahead of another",
        lead.get()
    );
    stream.send("report".into()).await.unwrap();
    let report = within(20, "report", stream.next()).await.unwrap().unwrap();
    let expected = format!("\"messages\":{}", SENDERS * EACH);
    assert!(report.as_text().unwrap().contains(&expected));
}

#[test]
async fn a_stream_can_be_forwarded_to_a_sink() {
    let id = unique("forward");
    let socket = sluicegate::connect(url(&format!("/sink?id={id}")).await);
    let mut sink = within(10, "connect", socket).await.unwrap();
    let messages = (0..100).map(|index| Ok::<Message, StreamError>(format!("{index}").into()));
    let mut messages = stream::iter(messages.collect::<Vec<_>>());
    within(10, "send_all", sink.send_all(&mut messages))
        .await
        .unwrap();
    let forwarded = sluicegate::connect(url("/burst?count=50&size=10&then=close").await);
    let forwarded = within(10, "connect", forwarded).await.unwrap();
    within(10, "forward", forwarded.forward(sink))
        .await
        .unwrap();
    let (seen, close) = seen_closed(&id).await;
    assert_eq!(
        (seen.received.messages, close.code),
        (150, 1000),
        "forward closes the sink"
    );
}

#[test]
async fn a_dropped_send_is_not_sent() {
    let id = unique("cancelled");
    let builder = WebSocket::builder(url(&format!("/sink?id={id}")).await).options(SMALL);
    let stream = within(10, "connect", builder.connect()).await.unwrap();
    let socket = stream.socket().clone();
    for _ in 0..5 {
        socket.try_send(vec![0; 16 << 10]).unwrap();
    }
    let mut waiting = socket.send("cancelled");
    assert!((&mut waiting).now_or_never().is_none(), "the gate is shut");
    drop(waiting);
    within(10, "drained", socket.drained()).await.unwrap();
    within(10, "send", socket.send("not cancelled"))
        .await
        .unwrap();
    drop((stream, socket));
    assert_eq!(seen_closed(&id).await.0.received.messages, 6);
}

#[test]
async fn drained_means_that_nothing_is_left_in_the_browser_anywhere() {
    let builder = WebSocket::builder(url("/sink").await).options(SMALL);
    let mut stream = within(10, "connect", builder.connect()).await.unwrap();
    for _ in 0..100 {
        stream.send(vec![0; 16 << 10].into()).await.unwrap();
    }
    let socket = stream.socket().clone();
    within(20, "drained", socket.drained()).await.unwrap();
    assert_eq!(
        (socket.buffered_amount(), socket.stats().messages_queued),
        (0, 0)
    );
    within(1, "drained again", socket.drained()).await.unwrap();
    socket.close();
    within(10, "close", socket.closed()).await;
    let error = within(1, "drained after the end", socket.drained())
        .await
        .unwrap_err();
    assert_eq!(error.0.code, 1000);
}

#[test]
async fn nothing_is_polled_while_nobody_waits() {
    let builder = WebSocket::builder(url("/sink").await).options(SMALL);
    let mut stream = within(10, "connect", builder.connect()).await.unwrap();
    for _ in 0..20 {
        stream.send(vec![0; 16 << 10].into()).await.unwrap();
    }
    within(20, "drained", stream.socket().drained())
        .await
        .unwrap();
    sleep(50).await;
    let before = stream.socket().stats().polls;
    sleep(500).await;
    assert_eq!(stream.socket().stats().polls, before);
}

#[test]
async fn a_sender_that_waits_hears_of_the_end() {
    let builder = WebSocket::builder(url("/close/4001?after=200").await);
    let builder = builder.options(SMALL.close_timeout(Duration::from_secs(1)));
    let socket = builder.open().unwrap();
    // While connecting the mark applies to the queue.
    socket.try_send(vec![0; 64 << 10]).unwrap();
    let mut sent = 0;
    let error = within(20, "the end", async {
        loop {
            match socket.send(vec![0; 64 << 10]).await {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
        }
    });
    let error = error.await;
    assert!(error.is_closed());
    assert_eq!(
        error.into_inner().byte_len(),
        64 << 10,
        "the message comes back"
    );
    let close = within(20, "close", socket.closed()).await;
    assert!([4001, 1006].contains(&close.code), "{close}");
}

#[test]
async fn an_overfull_inbox_closes_and_ends_with_one_error() {
    let id = unique("overflow");
    let address = url(&format!("/burst?count=1000&size=1000&kind=binary&id={id}")).await;
    let builder = WebSocket::builder(address).options(Options::new().inbox_capacity(100 << 10));
    let mut stream = within(10, "connect", builder.connect()).await.unwrap();
    let close = within(20, "close", stream.socket().closed()).await;
    let mut read = 0_u32;
    loop {
        match within(5, "next", stream.next()).await {
            Some(Ok(message)) => {
                assert_eq!(message.as_bytes()[..4], read.to_le_bytes(), "no hole");
                read += 1;
            }
            Some(Err(error)) => break assert_eq!(error, StreamError::Overflow),
            None => panic!("no error"),
        }
    }
    assert_eq!(read, 96, "96 × (1000 + 64) bytes fit into 100 KiB");
    // websocket-web yields the error for ever.
    for _ in 0..1000 {
        assert_eq!(stream.next().await, None);
    }
    assert!([4009, 1006].contains(&close.code), "{close}");
    let (_, seen) = seen_closed(&id).await;
    assert_eq!(seen.code, 4009);
    assert!(stream.socket().stats().messages_overflowed > 0);
}
