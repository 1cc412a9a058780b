//! Corners of the machine: each test begins with the sentence that tells the bug it keeps away.
#![cfg(not(target_family = "wasm"))]

mod support;

use std::time::Duration;

use sluicegate::machine::{Sending, Ticket, TokenBucket};
use sluicegate::{
    CloseEvent, CloseFrame, InboxOverflow, OpenEvent, Options, RateLimit, SendOptions,
};

use support::{GENERATION, Parcel, Script};

fn key() -> Option<Box<str>> {
    Some("k".into())
}

/// The room that a replaced message leaves is not counted while others are thrown away for the new one,
/// so one too many goes, and the replaced one is counted as overflow.
#[test]
fn a_replacement_in_a_full_inbox_throws_away_no_more_than_it_must() {
    let options = Options::new()
        .inbox_capacity(1000)
        .inbox_overflow(InboxOverflow::DropOldest);
    let mut machine = Script::open(options).machine;
    machine.open_inbox();
    machine.conflate();
    for id in 0..8 {
        let parcel = Parcel { id, bytes: 36 }; // costs 100
        machine.store(Some(parcel), None).unwrap();
    }
    let old = Parcel { id: 8, bytes: 36 };
    machine.store(Some(old), key()).unwrap();
    // 900 - 100 + 250 is 50 too much: one of the others has to go.
    let new = Parcel { id: 9, bytes: 186 };
    machine.store(Some(new), key()).unwrap();
    let stats = machine.stats(0, Duration::ZERO);
    assert_eq!(stats.messages_unread, 8);
    assert_eq!(
        (stats.messages_overflowed, stats.messages_conflated),
        (1, 1)
    );
}

/// A peer that closes by itself while our Close frame is on its way has not answered it: its code is its
/// own, and what we sent before may never have been read. It is counted as known.
#[test]
fn a_close_that_crosses_ours_is_no_answer() {
    let mut script = Script::open(Options::new());
    script.send(0, 100).unwrap();
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    let going_away = CloseEvent::new(1001, "", true);
    script
        .machine
        .handle_close(GENERATION, going_away, script.now);
    assert_eq!(script.machine.stats(0, script.now).messages_unknown, 1);
}

const SMALL: Options = Options::new().high_water_mark(1000).low_water_mark(250);

fn parcel(id: u32) -> Parcel {
    Parcel { id, bytes: 100 }
}

/// Each way out of the queue forgets the key: otherwise the next message with it takes the place of a
/// message that has nothing to do with it.
#[test]
fn a_key_is_forgotten_however_its_message_leaves() {
    for way in ["sent", "expired", "canceled"] {
        let mut script = Script::open(SMALL);
        script.send(0, 1000).unwrap();
        let options = SendOptions::new()
            .key("k")
            .time_to_live(Duration::from_secs(1));
        let sending = script.machine.send_with(parcel(1), options, script.now);
        let Ok(Sending::Waits(ticket)) = sending else {
            panic!("it was sent");
        };
        match way {
            "sent" => {
                script.fall_to(0);
                script.send(2, 1000).unwrap();
            }
            "expired" => script.pass(Duration::from_secs(2)),
            _ => script.machine.cancel(ticket),
        }
        script.send(3, 100).unwrap();
        let options = SendOptions::new().key("k");
        script
            .machine
            .try_send_with(parcel(4), options, script.now)
            .unwrap();
        let stats = script.machine.stats(0, script.now);
        assert_eq!(
            (stats.messages_queued, stats.bytes_queued),
            (2, 200),
            "{way}"
        );
        assert_eq!(stats.dropped.replaced, 0, "{way}");
        script.fall_to(0);
        assert_eq!(script.sent.last_chunk(), Some(&[3, 4]), "{way}");
    }
}

/// Fates are kept only for those who will take them.
#[test]
fn no_fate_is_kept_for_nobody() {
    let mut script = Script::open(SMALL);
    let sending = script
        .machine
        .send_with(parcel(0), SendOptions::new(), script.now);
    assert_eq!(sending, Ok(Sending::Sent));
    script.drain();
    assert!(!script.machine.has_fate(Ticket(0)));
    script.send(1, 1000).unwrap();
    let sending = script
        .machine
        .send_with(parcel(2), SendOptions::new(), script.now);
    let Ok(Sending::Waits(ticket)) = sending else {
        panic!("it was sent");
    };
    script.fall_to(0);
    assert!(script.machine.has_fate(ticket));
    script.machine.cancel(ticket);
    assert!(!script.machine.has_fate(ticket));
}

/// What expired before the connection opened is not sent by opening it, though no alarm rang.
#[test]
fn opening_sends_nothing_that_has_expired() {
    let mut script = Script::connecting(SMALL);
    let options = SendOptions::new().time_to_live(Duration::from_secs(1));
    script
        .machine
        .try_send_with(parcel(0), options, script.now)
        .unwrap();
    script.now = Duration::from_secs(2);
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), script.now);
    script.drain();
    assert_eq!(script.sent, [0; 0]);
}

/// A bucket holds no more than its count however long nothing is sent, a message that is sent after such a
/// pause goes at once, and the slower of two buckets decides.
#[test]
fn a_bucket_is_full_after_a_pause_and_the_slower_one_decides() {
    let second = Duration::from_secs(1);
    let limit = RateLimit::new().messages(2, second).bytes(1 << 20, second);
    let mut script = Script::open(Options::new());
    script.machine.set_limit(Box::new(TokenBucket::new(&limit)));
    for _ in 0..2 {
        script.now += 100 * second;
        let before = script.sent.len();
        for id in 0..5 {
            script.send(id, 1).unwrap();
        }
        assert_eq!(script.sent.len() - before, 2);
        script.pass(10 * second);
        assert_eq!(script.sent.len() - before, 5);
    }
}
