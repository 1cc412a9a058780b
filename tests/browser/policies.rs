//! Overflow, keys, time to live, rate limits, batches and conflation, against a real server.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use sluicegate::{
    Batch, ConnectError, DropCause, InboxOverflow, InvalidOption, Message, Options, Outcome,
    Overflow, RateLimit, ReadyState, SendError, SendOptions, TapEvent, WebSocket, WebSocketBuilder,
    WokenBy,
};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{Diary, seen_closed, settle, sleep, unique, url, within};

const SMALL: Options = Options::new()
    .high_water_mark(64 << 10)
    .low_water_mark(16 << 10);

const LARGE: usize = 64 << 10;

async fn open(builder: WebSocketBuilder) -> WebSocket {
    let socket = builder.open().unwrap();
    within(20, "open", async {
        while socket.ready_state() != ReadyState::Open {
            sleep(5).await;
        }
    })
    .await;
    socket
}

/// What comes back from `/echo`, apart from the large message that shuts the gate.
fn echoes(builder: WebSocketBuilder, diary: &Diary) -> WebSocketBuilder {
    let diary = diary.clone();
    builder.on_message(move |_, message| {
        if let Message::Text(text) = message {
            diary.note(text);
        }
    })
}

fn dropped(builder: WebSocketBuilder, diary: &Diary) -> WebSocketBuilder {
    let diary = diary.clone();
    builder.on_drop(move |_, event| {
        diary.note(format!(
            "{:?} {}",
            event.cause,
            event.message.into_text().unwrap()
        ));
    })
}

#[test]
async fn the_oldest_or_the_newest_can_be_dropped_when_the_queue_is_full() {
    for (policy, arrived, lost) in [
        (Overflow::DropOldest, ["2", "3"], ["0", "1"]),
        (Overflow::DropNewest, ["0", "1"], ["2", "3"]),
    ] {
        let (heard, drops) = (Diary::default(), Diary::default());
        let options = SMALL.capacity_messages(2).overflow(policy);
        let builder = WebSocket::builder(url("/echo").await).options(options);
        let socket = open(dropped(echoes(builder, &heard), &drops)).await;
        // In one task, in which the gate cannot open.
        assert_eq!(socket.try_send(vec![0; LARGE]), Ok(Outcome::Sent));
        for index in 0..4 {
            socket.try_send(index.to_string()).unwrap();
        }
        heard.until(arrived[1]).await;
        settle().await;
        assert_eq!(heard.lines(), arrived);
        assert_eq!(drops.lines(), lost.map(|text| format!("Overflow {text}")));
        assert_eq!(socket.stats().dropped.overflow, 2);
    }
}

#[test]
async fn only_the_newest_of_a_key_is_sent() {
    let heard = Diary::default();
    let builder = WebSocket::builder(url("/echo").await).options(SMALL);
    let socket = open(echoes(builder, &heard)).await;
    socket.try_send(vec![0; LARGE]).unwrap();
    for index in 0..1000 {
        let key = ["x", "y"][index % 2];
        let options = SendOptions::new().key(key);
        socket
            .try_send_with(format!("{key}{index}"), options)
            .unwrap();
    }
    heard.until("y999").await;
    assert_eq!(heard.lines(), ["x998", "y999"]);
    assert_eq!(socket.stats().dropped.replaced, 998);
}

/// On a connection that never opens, so that it is the same in every engine.
#[test]
async fn a_message_expires_while_it_waits_and_its_sender_is_told() {
    let drops = Diary::default();
    let builder = dropped(WebSocket::builder(url("/hang").await), &drops);
    let socket = builder.open().unwrap();
    let options = || SendOptions::new().time_to_live(Duration::from_millis(100));
    socket.try_send_with("forgotten", options()).unwrap();
    match within(
        10,
        "the end of its life",
        socket.send_with("awaited", options()),
    )
    .await
    {
        Err(SendError::Dropped(message, DropCause::Expired)) => {
            assert_eq!(message, "awaited".into());
        }
        other => panic!("{other:?}"),
    }
    drops.until("Expired awaited").await;
    assert_eq!(drops.lines(), ["Expired forgotten", "Expired awaited"]);
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
}

#[test]
async fn a_rate_limit_holds_messages_back_and_loses_none() {
    let id = unique("limited");
    let limit = RateLimit::new().messages(5, Duration::from_millis(100));
    let builder = WebSocket::builder(url(&format!("/sink?id={id}")).await).rate_limit(limit);
    let socket = open(builder).await;
    let mut outcomes = Vec::new();
    for index in 0..20 {
        outcomes.push(socket.try_send(index.to_string()).unwrap());
    }
    let sent = outcomes.iter().filter(|outcome| **outcome == Outcome::Sent);
    assert_eq!(sent.count(), 5, "a full bucket, in one task");
    within(20, "all", socket.drained()).await.unwrap();
    assert_eq!(socket.stats().messages_sent, 20);
    socket.close();
    assert_eq!(seen_closed(&id).await.0.received.messages, 20);
}

#[test]
async fn messages_come_in_batches_and_in_order_anywhere() {
    const COUNT: usize = 2000;
    for batch in [Batch::Frame, Batch::Interval(Duration::from_millis(50))] {
        let (texts, batches) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(0)));
        let (note, count) = (texts.clone(), batches.clone());
        let address = url(&format!("/burst?count={COUNT}&size=64&then=close")).await;
        let socket = WebSocket::builder(address)
            .on_messages(batch, move |_, messages| {
                assert!(!messages.is_empty());
                count.set(count.get() + 1);
                note.borrow_mut().extend(
                    messages
                        .into_iter()
                        .filter_map(|text| text.into_text().ok()),
                );
            })
            .open()
            .unwrap();
        within(30, "close", socket.closed()).await;
        settle().await;
        let numbers: Vec<usize> = texts
            .borrow()
            .iter()
            .map(|text| text[..8].parse().unwrap())
            .collect();
        assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>(), "{batch:?}");
        assert!(batches.get() < COUNT / 4, "{} batches", batches.get());
    }
}

#[test]
async fn a_batch_comes_while_the_connection_stays_open_anywhere() {
    for batch in [Batch::Frame, Batch::Interval(Duration::from_millis(20))] {
        let heard = Diary::default();
        let note = heard.clone();
        let _socket = WebSocket::builder(url("/echo?greet=hello").await)
            .on_messages(batch, move |_, messages| {
                note.note(messages[0].as_text().unwrap());
            })
            .open()
            .unwrap();
        heard.until("hello").await;
    }
}

#[test]
async fn an_unread_stream_keeps_the_newest_of_each_key() {
    let builder = WebSocket::builder(url("/burst?count=1000&size=16&then=close").await)
        // The last digit of the number.
        .conflate(|message| Some(message.as_text()?.get(7..8)?.to_owned()));
    let stream = within(20, "connect", builder.connect()).await.unwrap();
    within(20, "close", stream.socket().closed()).await;
    let stats = stream.socket().stats();
    let read: Vec<_> = within(10, "ten", stream.collect()).await;
    let numbers: Vec<usize> = read
        .into_iter()
        .map(|message| message.unwrap().into_text().unwrap()[..8].parse().unwrap())
        .collect();
    assert_eq!(numbers, (990..1000).collect::<Vec<_>>());
    assert_eq!(stats.messages_conflated, 990);
}

#[test]
async fn an_unread_stream_can_drop_the_oldest() {
    let options = Options::new()
        .inbox_capacity(10 * (64 + 16))
        .inbox_overflow(InboxOverflow::DropOldest);
    let builder = WebSocket::builder(url("/burst?count=1000&size=16&then=close").await);
    let stream = builder.options(options).connect();
    let stream = within(20, "connect", stream).await.unwrap();
    let close = within(20, "close", stream.socket().closed()).await;
    assert_eq!(close.code, 1000, "the connection was not given up");
    let overflowed = stream.socket().stats().messages_overflowed;
    let read: Vec<_> = within(10, "ten", stream.collect()).await;
    let first = read[0].clone().unwrap().into_text().unwrap();
    assert_eq!((read.len(), &first[..8], overflowed), (10, "00000990", 990));
}

#[test]
async fn the_tap_tells_how_a_flood_went() {
    let (shut, opened) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let woken = Rc::new(Cell::new(0));
    let (a, b, c) = (shut.clone(), opened.clone(), woken.clone());
    let diary = Diary::default();
    let note = diary.clone();
    let builder = WebSocket::builder(url("/sink").await)
        .options(SMALL)
        .on_tap(move |_, event| match event {
            TapEvent::Opened => note.note("opened"),
            TapEvent::Ended { code, .. } => note.note(format!("ended {code}")),
            TapEvent::GateShut { .. } => a.set(a.get() + 1),
            TapEvent::GateOpened { .. } => b.set(b.get() + 1),
            TapEvent::Woken(WokenBy::Channel | WokenBy::Timer) => c.set(c.get() + 1),
            other => note.note(format!("{other:?}")),
        });
    let socket = open(builder).await;
    for _ in 0..200 {
        within(10, "send", socket.send(vec![0; 16 << 10]))
            .await
            .unwrap();
    }
    let polls = socket.stats().polls;
    socket.close();
    diary.until("ended 1000").await;
    assert_eq!(diary.lines(), ["opened", "ended 1000"]);
    assert!(shut.get() > 10, "{} times shut", shut.get());
    assert!(opened.get() <= shut.get());
    assert!(woken.get() >= polls, "{} of {polls}", woken.get());
}

#[test]
async fn senseless_policies_are_typed_errors() {
    let address = url("/echo").await;
    let builder = || WebSocket::builder(&*address);
    let second = Duration::from_secs(1);
    let senseless = [
        (
            builder().rate_limit(RateLimit::new().messages(0, second)),
            InvalidOption::RateLimit,
        ),
        (
            builder().rate_limit(RateLimit::new().bytes(1, Duration::ZERO)),
            InvalidOption::RateLimit,
        ),
        (
            builder().on_messages(Batch::Interval(Duration::ZERO), |_, _| {}),
            InvalidOption::Batch,
        ),
        (
            builder().options(Options::new().stall_timeout(Duration::ZERO)),
            InvalidOption::StallTimeout,
        ),
    ];
    for (builder, expected) in senseless {
        let error = builder.open().unwrap_err();
        assert_eq!(error, ConnectError::InvalidOption(expected));
        assert!(!error.to_string().is_empty());
    }
}
