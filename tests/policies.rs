//! What becomes of messages that have to wait: overflow, keys, time to live, rate limits, stalls.
#![cfg(not(target_family = "wasm"))]

mod support;

use std::time::Duration;

use sluicegate::machine::{Event, Fate, Hears, Sending, Ticket, TokenBucket, Wake};
use sluicegate::{
    CloseEvent, CloseFrame, DropCause, EndCause, OpenEvent, Options, Outcome, Overflow, RateLimit,
    SendOptions, TapEvent, TrySendError, WokenBy,
};

use support::{GENERATION, Parcel, Script};

const SMALL: Options = Options::new()
    .high_water_mark(1000)
    .low_water_mark(250)
    .capacity(1000);

const SECOND: Duration = Duration::from_secs(1);

/// An open socket behind whose gate one message more than fits into the browser waits.
fn shut(options: Options) -> Script {
    let mut script = Script::open(options);
    script.machine.hear(Hears {
        drops: true,
        tap: false,
    });
    script.send(0, 1000).unwrap();
    script
}

fn keyed(key: &str) -> SendOptions {
    SendOptions::new().key(key)
}

fn expiring(time: Duration) -> SendOptions {
    SendOptions::new().time_to_live(time)
}

impl Script {
    fn try_send_with(
        &mut self,
        id: u32,
        options: SendOptions,
    ) -> Result<Outcome, TrySendError<Parcel>> {
        let outcome = self
            .machine
            .try_send_with(Parcel { id, bytes: 100 }, options, self.now);
        self.drain();
        outcome
    }

    fn send_with(&mut self, id: u32, options: SendOptions) -> Ticket {
        let sending = self
            .machine
            .send_with(Parcel { id, bytes: 100 }, options, self.now);
        self.drain();
        match sending.unwrap() {
            Sending::Waits(ticket) => ticket,
            Sending::Sent => panic!("it was sent"),
        }
    }

    /// What was dropped and why, since the last time.
    fn take_drops(&mut self) -> Vec<(u32, DropCause)> {
        let drops = self.events.iter().filter_map(|event| match event {
            Event::Drop(drop) => Some((drop.message.id, drop.cause)),
            _ => None,
        });
        let drops = drops.collect();
        self.events.clear();
        drops
    }

    fn take_taps(&mut self) -> Vec<TapEvent> {
        let taps = self.events.iter().filter_map(|event| match event {
            Event::Tap(tap) => Some(*tap),
            _ => None,
        });
        let taps = taps.collect();
        self.events.clear();
        taps
    }
}

// ---- overflow ----

/// 1,000 bytes of capacity hold six messages of 100, each counted with 64 more.
const FITTING: u32 = 6;

#[test]
fn a_full_queue_rejects_by_default() {
    let mut script = shut(SMALL);
    for id in 1..=FITTING {
        assert_eq!(script.send(id, 100), Ok(Outcome::Queued));
    }
    let parcel = Parcel { id: 9, bytes: 100 };
    assert_eq!(script.send(9, 100), Err(TrySendError::Full(parcel)));
    assert_eq!(script.take_drops(), []);
}

#[test]
fn a_full_queue_can_drop_the_oldest() {
    let mut script = shut(SMALL.overflow(Overflow::DropOldest));
    for id in 1..=FITTING + 2 {
        assert_eq!(script.send(id, 100), Ok(Outcome::Queued));
    }
    let cause = DropCause::Overflow;
    assert_eq!(script.take_drops(), [(1, cause), (2, cause)]);
    // One that needs the room of several.
    assert_eq!(script.send(20, 500), Ok(Outcome::Queued));
    assert_eq!(
        script.take_drops(),
        [(3, cause), (4, cause), (5, cause), (6, cause)]
    );
    let parcel = Parcel { id: 21, bytes: 937 };
    assert_eq!(script.send(21, 937), Err(TrySendError::TooLarge(parcel)));
    assert_eq!(script.take_drops(), [], "what can never fit drops nothing");
    script.fall_to(0);
    assert_eq!(script.sent, [0, 7, 8, 20]);
    assert_eq!(script.machine.stats(0, script.now).dropped.overflow, 6);
}

#[test]
fn a_full_queue_can_drop_the_newest() {
    let mut script = shut(SMALL.overflow(Overflow::DropNewest));
    for id in 1..=FITTING {
        assert_eq!(script.send(id, 100), Ok(Outcome::Queued));
    }
    assert_eq!(script.send(7, 100), Ok(Outcome::Dropped));
    assert_eq!(script.take_drops(), [(7, DropCause::Overflow)]);
    script.fall_to(0);
    assert_eq!(script.sent, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_number_of_messages_overflows_like_the_bytes() {
    let mut script = shut(SMALL.capacity_messages(2).overflow(Overflow::DropOldest));
    for id in 1..=3 {
        assert_eq!(script.send(id, 1), Ok(Outcome::Queued));
    }
    assert_eq!(script.take_drops(), [(1, DropCause::Overflow)]);
}

// ---- keys ----

#[test]
fn a_newer_message_takes_the_place_of_an_older_one_with_its_key() {
    let mut script = shut(SMALL);
    script.try_send_with(1, keyed("a")).unwrap();
    script.try_send_with(2, keyed("b")).unwrap();
    script.try_send_with(3, SendOptions::new()).unwrap();
    script.try_send_with(4, keyed("a")).unwrap();
    script.try_send_with(5, keyed("a")).unwrap();
    let cause = DropCause::Replaced;
    assert_eq!(script.take_drops(), [(1, cause), (4, cause)]);
    assert_eq!(script.machine.stats(0, script.now).messages_queued, 3);
    script.fall_to(0);
    assert_eq!(script.sent, [0, 5, 2, 3], "in the place of the first");
    // What was handed over is out of reach.
    script.buffered = 0;
    script.send(6, 1000).unwrap();
    script.try_send_with(7, keyed("b")).unwrap();
    assert_eq!(script.take_drops(), []);
}

#[test]
fn a_replacement_needs_only_the_room_that_it_adds() {
    let mut script = shut(SMALL.capacity_messages(2));
    script.try_send_with(1, keyed("a")).unwrap();
    script.try_send_with(2, keyed("b")).unwrap();
    assert!(script.try_send_with(3, keyed("c")).is_err());
    script.try_send_with(4, keyed("b")).unwrap();
    script.fall_to(0);
    assert_eq!(script.sent, [0, 1, 4]);
}

#[test]
fn many_keys_keep_their_places() {
    let mut script = shut(SMALL.capacity(1 << 20));
    for round in 0..10 {
        for key in 0..100 {
            let name = key.to_string();
            script
                .try_send_with(round * 100 + key, keyed(&name))
                .unwrap();
        }
    }
    assert_eq!(script.take_drops().len(), 900);
    while script.sent.len() <= 100 {
        script.fall_to(0);
    }
    assert_eq!(script.sent[1..], (900..1000).collect::<Vec<_>>());
}

// ---- time to live ----

#[test]
fn a_message_expires_while_it_waits() {
    let mut script = shut(SMALL);
    script.try_send_with(1, expiring(SECOND)).unwrap();
    script.try_send_with(2, expiring(2 * SECOND)).unwrap();
    script.send(3, 100).unwrap();
    script.pass(SECOND / 2);
    assert_eq!(script.take_drops(), []);
    script.pass(SECOND);
    assert_eq!(script.take_drops(), [(1, DropCause::Expired)]);
    script.fall_to(0);
    assert_eq!(script.sent, [0, 2, 3], "in time");
    script.pass(SECOND);
    assert_eq!(script.take_drops(), []);
    assert_eq!(script.machine.stats(0, script.now).dropped.expired, 1);
}

#[test]
fn a_message_expires_before_the_connection_is_open() {
    let mut script = Script::connecting(SMALL);
    script.machine.hear(Hears {
        drops: true,
        tap: false,
    });
    script.try_send_with(1, expiring(SECOND)).unwrap();
    let wake = script.timeout().unwrap();
    assert_eq!((wake.at, wake.wake), (SECOND, Wake::Timer));
    script.pass(2 * SECOND);
    assert_eq!(script.take_drops(), [(1, DropCause::Expired)]);
    assert_eq!(script.timeout(), None);
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), script.now);
    script.drain();
    assert_eq!(script.sent, []);
}

/// A timer may be late; what has expired is not sent all the same.
#[test]
fn what_has_expired_is_not_handed_over_by_a_late_look_nor_by_close() {
    let mut script = shut(SMALL);
    script.try_send_with(1, expiring(SECOND)).unwrap();
    script.now = 5 * SECOND;
    script.fall_to(0);
    assert_eq!(script.sent, [0]);
    let mut script = shut(SMALL);
    script.try_send_with(1, expiring(SECOND)).unwrap();
    script.send(2, 1).unwrap();
    script.machine.close(CloseFrame::default(), 5 * SECOND);
    script.drain();
    assert_eq!(script.sent, [0, 2]);
    assert_eq!(script.take_drops(), [(1, DropCause::Expired)]);
}

#[test]
fn room_that_expired_messages_leave_is_told() {
    let mut script = shut(SMALL);
    script.try_send_with(1, expiring(SECOND)).unwrap();
    script.buffered = 0;
    script.pass(2 * SECOND);
    assert!(
        script
            .events
            .iter()
            .any(|event| matches!(event, Event::Drain(_)))
    );
}

// ---- senders that wait ----

#[test]
fn a_sender_learns_the_fate_of_its_message() {
    let mut script = shut(SMALL);
    let sent = script.send_with(1, SendOptions::new());
    let replaced = script.send_with(2, keyed("a"));
    let expired = script.send_with(3, expiring(SECOND));
    let by = script.send_with(4, keyed("a"));
    assert_eq!(
        script.machine.take_fate(replaced),
        Some(Fate::Dropped(
            Parcel { id: 2, bytes: 100 },
            DropCause::Replaced
        ))
    );
    assert_eq!(script.machine.take_fate(sent), None);
    script.pass(SECOND);
    assert_eq!(
        script.machine.take_fate(expired),
        Some(Fate::Dropped(
            Parcel { id: 3, bytes: 100 },
            DropCause::Expired
        ))
    );
    script.fall_to(0);
    assert_eq!(script.machine.take_fate(sent), Some(Fate::Sent));
    assert_eq!(script.machine.take_fate(by), Some(Fate::Sent));
    assert_eq!(script.machine.take_fate(by), None, "once");
}

#[test]
fn a_canceled_message_leaves_the_queue_and_is_no_drop() {
    let mut script = shut(SMALL);
    let ticket = script.send_with(1, keyed("a"));
    script.machine.cancel(ticket);
    script.drain();
    assert_eq!(script.take_drops(), []);
    let later = script.send_with(2, keyed("a"));
    script.fall_to(0);
    assert_eq!(script.sent, [0, 2]);
    assert_eq!(script.machine.take_fate(later), Some(Fate::Sent));
    assert_eq!(script.machine.stats(0, script.now).dropped.total(), 0);
}

#[test]
fn the_end_is_the_fate_of_what_waits() {
    let mut script = Script::connecting(SMALL);
    script.machine.hear(Hears {
        drops: true,
        tap: false,
    });
    let ticket = script.send_with(1, SendOptions::new());
    script.send(2, 1).unwrap();
    let end = CloseEvent::abnormal();
    script.machine.handle_close(GENERATION, end, script.now);
    script.drain();
    let fate = Fate::Dropped(Parcel { id: 1, bytes: 100 }, DropCause::Closed);
    assert_eq!(script.machine.take_fate(ticket), Some(fate));
    assert!(
        matches!(script.events.last(), Some(Event::Close(_))),
        "drops are told before the close"
    );
    let cause = DropCause::Closed;
    assert_eq!(script.take_drops(), [(1, cause), (2, cause)]);
}

#[test]
fn drops_are_told_only_to_those_who_listen() {
    let mut script = Script::open(SMALL.overflow(Overflow::DropNewest));
    script.send(0, 1000).unwrap();
    for id in 1..100 {
        script.send(id, 100).unwrap();
    }
    assert_eq!(script.take_drops(), []);
    assert_eq!(script.machine.stats(0, script.now).dropped.overflow, 93);
}

// ---- rate limits ----

/// Sends as soon as it may for a time, and returns how many were sent.
fn count_limited(limit: RateLimit, bytes: usize, time: Duration) -> usize {
    let mut script = Script::open(Options::new());
    script.machine.set_limit(Box::new(TokenBucket::new(&limit)));
    let end = script.now + time;
    let mut id = 0;
    while script.now < end {
        script.buffered = 0;
        match script.send(id, bytes) {
            Ok(Outcome::Sent) => id += 1,
            Ok(_) => {
                id += 1;
                let wake = script.timeout().expect("somebody waits");
                assert_eq!(wake.wake, Wake::Timer, "nothing is polled for a limit");
                script.now = wake.at;
                script.look();
            }
            Err(error) => panic!("{error}"),
        }
    }
    script.sent.len()
}

#[test]
fn a_rate_limit_bounds_messages() {
    let limit = RateLimit::new().messages(10, SECOND);
    let sent = count_limited(limit, 1, 10 * SECOND);
    assert!((105..=111).contains(&sent), "{sent} of 10 + 10 × 10");
}

#[test]
fn a_rate_limit_bounds_bytes_and_a_message_of_any_size_passes() {
    let limit = RateLimit::new().bytes(1000, SECOND);
    let sent = count_limited(limit, 100, 10 * SECOND);
    assert!((105..=111).contains(&sent), "{sent} of 10 + 10 × 10");
    let sent = count_limited(limit, 5000, 10 * SECOND);
    assert!((2..=4).contains(&sent), "{sent}: 5 s each");
}

#[test]
fn a_rate_limit_keeps_order_and_ends_with_close() {
    let mut script = Script::open(SMALL);
    let limit = RateLimit::new().messages(2, SECOND);
    script.machine.set_limit(Box::new(TokenBucket::new(&limit)));
    for id in 0..5 {
        script.send(id, 1).unwrap();
    }
    assert_eq!(script.sent, [0, 1]);
    script.pass(SECOND / 2 + SECOND / 10);
    assert_eq!(script.sent, [0, 1, 2]);
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    assert_eq!(script.sent, [0, 1, 2, 3, 4]);
}

#[test]
fn a_rate_limit_that_makes_no_sense_is_refused() {
    assert!(RateLimit::new().validate().is_ok());
    assert!(RateLimit::new().messages(0, SECOND).validate().is_err());
    assert!(
        RateLimit::new()
            .bytes(1, Duration::ZERO)
            .validate()
            .is_err()
    );
    // And one that is merely extreme is no panic.
    let limit = RateLimit::new().bytes(1, Duration::MAX);
    assert!(count_limited(limit, 1000, SECOND) <= 2);
}

// ---- stalls ----

#[test]
fn a_stall_is_told_once_when_nothing_moves_for_a_minute() {
    let mut script = shut(SMALL);
    script.machine.hear(Hears {
        drops: false,
        tap: true,
    });
    script.send(1, 1).unwrap();
    let stalls = |script: &mut Script| {
        let taps = script.take_taps();
        let stalls = taps
            .iter()
            .filter(|tap| matches!(tap, TapEvent::Stalled { .. }));
        stalls.count()
    };
    script.pass(Duration::from_secs(59));
    assert_eq!(stalls(&mut script), 0);
    assert!(!script.machine.stats(0, script.now).stalled);
    script.pass(Duration::from_secs(120));
    assert_eq!(stalls(&mut script), 1, "once");
    assert!(script.machine.stats(0, script.now).stalled);
    // A fall ends it, and it may come again.
    script.fall_to(900);
    assert!(!script.machine.stats(0, script.now).stalled);
    script.pass(Duration::from_secs(61));
    assert_eq!(stalls(&mut script), 1);
}

#[test]
fn what_arrives_is_no_stall() {
    let mut script = shut(SMALL);
    script.machine.hear(Hears {
        drops: false,
        tap: true,
    });
    script.send(1, 1).unwrap();
    for _ in 0..10 {
        script.pass(Duration::from_secs(30));
        script
            .machine
            .handle_message(GENERATION, Parcel { id: 0, bytes: 1 });
        script.drain();
    }
    assert!(!script.machine.stats(0, script.now).stalled);
    assert!(
        !script
            .take_taps()
            .iter()
            .any(|tap| matches!(tap, TapEvent::Stalled { .. }))
    );
}

#[test]
fn nothing_stalls_while_nobody_waits() {
    let mut script = shut(SMALL.stall_timeout(SECOND));
    script.pass(Duration::from_secs(600));
    script.send(1, 1).unwrap();
    script.machine.begin_watch(script.now);
    script.look();
    assert!(!script.machine.stats(0, script.now).stalled);
}

// ---- the tap ----

#[test]
fn the_tap_hears_of_gate_drops_wakes_and_the_end() {
    let mut script = shut(SMALL);
    script.machine.hear(Hears {
        drops: false,
        tap: true,
    });
    script.try_send_with(1, keyed("a")).unwrap();
    script.try_send_with(2, keyed("a")).unwrap();
    assert_eq!(
        script.take_taps(),
        [
            TapEvent::GateShut {
                buffered_amount: 1000
            },
            TapEvent::Dropped {
                cause: DropCause::Replaced,
                bytes: 100
            }
        ]
    );
    script.fall_to(250);
    assert_eq!(
        script.take_taps(),
        [
            TapEvent::Woken(WokenBy::Timer),
            TapEvent::GateOpened {
                buffered_amount: 250
            }
        ]
    );
    let end = CloseEvent::new(4001, "secret", true);
    script.machine.handle_close(GENERATION, end, script.now);
    script.drain();
    assert_eq!(
        script.take_taps(),
        [TapEvent::Ended {
            cause: EndCause::CloseEvent,
            code: 4001
        }]
    );
}

#[test]
fn without_a_tap_nothing_is_collected() {
    let mut script = Script::open(SMALL);
    script.send(0, 1000).unwrap();
    script.send(1, 1).unwrap();
    assert_eq!(script.timeout().unwrap().wake, Wake::Tick, "a look");
    script.fall_to(0);
    assert_eq!(script.take_taps(), []);
}

// ---- what may be lost ----

#[test]
fn what_a_lost_connection_took_along_is_unknown() {
    let unknown = |end: fn(&mut Script)| {
        let mut script = Script::open(SMALL);
        script.send(1, 100).unwrap();
        script.send(2, 100).unwrap();
        end(&mut script);
        let stats = script.machine.stats(0, script.now);
        (stats.messages_unknown, stats.bytes_unknown)
    };
    let lost = |script: &mut Script| {
        let end = CloseEvent::abnormal();
        script.machine.handle_close(GENERATION, end, script.now);
    };
    assert_eq!(unknown(lost), (2, 200));
    // The peer's own close says nothing about what was under way to it.
    let closed_by_peer = |script: &mut Script| {
        let end = CloseEvent::new(1000, "", true);
        script.machine.handle_close(GENERATION, end, script.now);
    };
    assert_eq!(unknown(closed_by_peer), (2, 200));
    // Its answer to our close does: it has read everything before.
    let answered = |script: &mut Script| {
        script.machine.close(CloseFrame::default(), script.now);
        script.drain();
        let end = CloseEvent::new(1000, "", true);
        script.machine.handle_close(GENERATION, end, script.now);
    };
    assert_eq!(unknown(answered), (0, 0));
    let given_up = |script: &mut Script| {
        script.machine.close(CloseFrame::default(), script.now);
        script.drain();
        script.pass(Duration::from_secs(120));
    };
    assert_eq!(unknown(given_up), (2, 200));
}

#[test]
fn the_time_in_a_state_is_counted_from_when_it_began() {
    let mut script = Script::connecting(SMALL);
    script.machine.start(SECOND);
    let time = |script: &Script, now| script.machine.stats(0, now).time_in_state;
    assert_eq!(time(&script, 3 * SECOND), 2 * SECOND);
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), 4 * SECOND);
    assert_eq!(time(&script, 5 * SECOND), SECOND);
    let end = CloseEvent::abnormal();
    script.machine.handle_close(GENERATION, end, 6 * SECOND);
    assert_eq!(time(&script, 9 * SECOND), 3 * SECOND);
}
