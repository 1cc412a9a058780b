//! What holds after any sequence of operations.
#![cfg(not(target_family = "wasm"))]

mod support;

use std::time::Duration;

use proptest::prelude::*;
use sluicegate::machine::{Event, Generation, Room};
use sluicegate::{CloseEvent, CloseFrame, OpenEvent, Options, ReadyState};

use support::{GENERATION, Parcel, Script};

#[derive(Clone, Debug)]
enum Operation {
    Open,
    Message(usize),
    Unreadable,
    Error,
    PeerCloses,
    Closed(u16),
    Stale,
    Fall(u64),
    Pass(u64),
    TrySend(usize),
    SendWhenReady(usize),
    Close,
    Detach,
    OpenInbox,
    CloseInbox,
    Take,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        4 => Just(Open),
        4 => (0usize..400).prop_map(Message),
        1 => Just(Unreadable),
        1 => Just(Error),
        1 => Just(PeerCloses),
        1 => prop_oneof![Just(1000), Just(1006), Just(4001)].prop_map(Closed),
        2 => Just(Stale),
        8 => (0u64..3000).prop_map(Fall),
        4 => (0u64..5000).prop_map(Pass),
        16 => (0usize..1500).prop_map(TrySend),
        8 => (0usize..1500).prop_map(SendWhenReady),
        1 => Just(Close),
        1 => Just(Detach),
        2 => Just(OpenInbox),
        1 => Just(CloseInbox),
        4 => Just(Take),
    ]
}

/// What the application believes.
#[derive(Default)]
struct Ledger {
    next_id: u32,
    accepted: Vec<u32>,
    accepted_bytes: usize,
}

const OPTIONS: Options = Options::new()
    .high_water_mark(1000)
    .low_water_mark(250)
    .capacity(4000)
    .capacity_messages(20)
    .inbox_capacity(1000);

fn apply(script: &mut Script, ledger: &mut Ledger, operation: &Operation) {
    let now = script.now;
    match *operation {
        Operation::Open => script
            .machine
            .handle_open(GENERATION, OpenEvent::default(), now),
        Operation::Message(bytes) => script
            .machine
            .handle_message(GENERATION, Parcel { id: 0, bytes }),
        Operation::Unreadable => script.machine.handle_unreadable(GENERATION),
        Operation::Error => script.machine.handle_error(GENERATION),
        Operation::PeerCloses => script.machine.handle_closing(GENERATION, now),
        Operation::Closed(code) => {
            let event = CloseEvent::new(code, "", true);
            script.machine.handle_close(GENERATION, event, now);
        }
        Operation::Stale => {
            let before = script.machine.stats(0, now);
            let stale = Generation(2);
            script.machine.handle_open(stale, OpenEvent::default(), now);
            script
                .machine
                .handle_message(stale, Parcel { id: 0, bytes: 1 });
            script.machine.handle_error(stale);
            script.machine.handle_closing(stale, now);
            script
                .machine
                .handle_close(stale, CloseEvent::abnormal(), now);
            assert_eq!(
                script.machine.stats(0, now),
                before,
                "a stale event changed something"
            );
        }
        Operation::Fall(bytes) => script.fall_to(script.buffered.saturating_sub(bytes)),
        Operation::Pass(milliseconds) => script.pass(Duration::from_millis(milliseconds)),
        Operation::TrySend(bytes) => {
            let id = ledger.next_id;
            ledger.next_id += 1;
            if script.send(id, bytes).is_ok() {
                ledger.accepted.push(id);
                ledger.accepted_bytes += bytes;
            }
        }
        Operation::SendWhenReady(bytes) => {
            if script.machine.wants_reading() {
                script.machine.handle_buffered(script.buffered, now);
                script.drain();
            }
            if script.machine.room() == Room::Yes {
                let id = ledger.next_id;
                ledger.next_id += 1;
                script
                    .machine
                    .send(Parcel { id, bytes })
                    .expect("there was room");
                ledger.accepted.push(id);
                ledger.accepted_bytes += bytes;
            }
        }
        Operation::Close => script.machine.close(CloseFrame::default(), now),
        Operation::Detach => script.machine.detach(),
        Operation::OpenInbox => drop(script.machine.open_inbox()),
        Operation::CloseInbox => script.machine.close_inbox(),
        Operation::Take => drop(script.machine.take_message()),
    }
    script.drain();
    for event in script.events.clone() {
        match event {
            Event::Message(parcel) => drop(script.machine.store(Some(parcel), None)),
            Event::Unreadable => drop(script.machine.store(None, None)),
            _ => {}
        }
    }
    script
        .events
        .retain(|event| !matches!(event, Event::Message(_) | Event::Unreadable));
}

fn check(script: &Script, ledger: &Ledger, before: ReadyState) {
    let stats = script.machine.stats(script.buffered, script.now);
    let state = stats.ready_state;

    // Order and completeness: sent is a prefix of what was accepted, and the rest is accounted for.
    assert_eq!(
        script.sent,
        ledger.accepted[..script.sent.len()],
        "reordered, repeated or lost"
    );
    let accounted = stats.messages_sent + stats.messages_queued as u64 + stats.dropped.total();
    assert_eq!(accounted, ledger.accepted.len() as u64);
    assert!(stats.bytes_sent as usize + stats.bytes_queued <= ledger.accepted_bytes);
    if stats.dropped.total() == 0 {
        assert_eq!(
            stats.bytes_sent as usize + stats.bytes_queued,
            ledger.accepted_bytes
        );
    }

    // Bounds.
    if script.closed_with.is_empty() {
        assert!(
            script.peak_before_send < 1000,
            "sent above the high-water mark"
        );
    }
    assert!(
        stats.bytes_queued <= 4000 + 1500,
        "the capacity, and one message that was told of room"
    );
    assert!(stats.bytes_unread + stats.messages_unread * 64 <= 1000);

    // The life of a socket goes one way, and ends once.
    assert!(state >= before, "{before} became {state}");
    let closes = script
        .events
        .iter()
        .filter(|event| matches!(event, Event::Close(_)));
    assert!(closes.count() <= 1);
    assert!(script.closed_with.len() <= 1);
    if state == ReadyState::Connecting {
        assert_eq!(stats.messages_sent, 0);
    }
    if state >= ReadyState::Closing {
        assert_eq!(
            stats.messages_queued, 0,
            "nothing waits that cannot be sent any more"
        );
    }

    // Nobody is left waiting without an alarm, and nothing is awake for nobody.
    let awake = script.timeout().is_some();
    match state {
        ReadyState::Open => assert_eq!(awake, stats.messages_queued > 0),
        ReadyState::Closing => assert!(awake),
        ReadyState::Connecting | ReadyState::Closed => assert!(!awake),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_keeps_the_promises(operations in prop::collection::vec(operation(), 1..80)) {
        let mut script = Script::connecting(OPTIONS);
        let mut ledger = Ledger::default();
        for operation in &operations {
            let before = script.machine.ready_state();
            apply(&mut script, &mut ledger, operation);
            check(&script, &ledger, before);
        }
    }

    #[test]
    fn every_closing_connection_ends(
        operations in prop::collection::vec(operation(), 1..40),
        bytes in 0usize..4000,
    ) {
        let mut script = Script::connecting(OPTIONS);
        let mut ledger = Ledger::default();
        for operation in &operations {
            apply(&mut script, &mut ledger, operation);
        }
        apply(&mut script, &mut ledger, &Operation::TrySend(bytes));
        script.machine.close(CloseFrame::default(), script.now);
        script.drain();
        // The drain timeout, and the close timeout with the most that is added to it.
        script.pass(Duration::from_secs(60 + 30));
        prop_assert_eq!(script.machine.ready_state(), ReadyState::Closed);
    }
}
