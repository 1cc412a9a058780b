//! The machine, situation by situation.
#![cfg(not(target_family = "wasm"))]

mod support;

use std::time::Duration;

use sluicegate::machine::{Event, Generation, Machine, Room, Transmit, Waiting, Wake};
use sluicegate::{
    CloseCode, CloseEvent, CloseFrame, DrainEvent, DropCause, ErrorEvent, OpenEvent, Options,
    Outcome, ReadyState, TrySendError, WokenBy,
};

use support::{GENERATION, Parcel, Script};

const SMALL: Options = Options::new()
    .high_water_mark(1000)
    .low_water_mark(250)
    .capacity(5000);

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

// ---- sending ----

#[test]
fn what_is_sent_while_connecting_goes_out_first_when_open() {
    let mut script = Script::connecting(SMALL);
    assert_eq!(script.send(1, 10), Ok(Outcome::Queued));
    assert_eq!(script.send(2, 10), Ok(Outcome::Queued));
    assert_eq!(script.sent, []);
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), seconds(1));
    script.drain();
    assert_eq!(script.sent, [1, 2]);
    assert_eq!(script.send(3, 10), Ok(Outcome::Sent));
    assert_eq!(
        script.events,
        [
            Event::Open(OpenEvent::default()),
            Event::Drain(DrainEvent::default())
        ]
    );
}

#[test]
fn a_send_after_close_gives_the_message_back() {
    let mut script = Script::open(SMALL);
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    assert_eq!(script.machine.ready_state(), ReadyState::Closing);
    let parcel = Parcel { id: 7, bytes: 1 };
    assert_eq!(
        script.machine.try_send(parcel),
        Err(TrySendError::Closed(parcel))
    );
    assert_eq!(script.machine.send(parcel), Err(parcel));
    script
        .machine
        .handle_close(GENERATION, CloseEvent::new(1000, "", true), script.now);
    assert_eq!(
        script.machine.try_send(parcel),
        Err(TrySendError::Closed(parcel))
    );
    assert_eq!(script.machine.send(parcel), Err(parcel));
    assert_eq!(script.machine.room(), Room::Never);
}

#[test]
fn a_send_is_refused_when_the_peer_closes_before_the_close_event() {
    let mut script = Script::open(SMALL);
    script.machine.handle_closing(GENERATION, script.now);
    let parcel = Parcel { id: 7, bytes: 1 };
    assert_eq!(
        script.machine.try_send(parcel),
        Err(TrySendError::Closed(parcel))
    );
}

#[test]
fn below_the_mark_nothing_is_read_and_nothing_is_queued() {
    let mut script = Script::open(SMALL);
    for id in 0..10 {
        assert!(!script.machine.wants_reading(), "message {id}");
        assert_eq!(
            script.machine.try_send(Parcel { id, bytes: 100 }),
            Ok(Outcome::Sent)
        );
        assert!(script.machine.is_flushed());
        assert_eq!(script.timeout(), None);
        script.drain();
    }
    assert!(
        script.machine.wants_reading(),
        "at the mark one reading decides"
    );
}

#[test]
fn the_gate_shuts_at_the_high_mark_and_opens_at_the_low_one() {
    let mut script = Script::open(SMALL);
    assert_eq!(script.send(1, 999), Ok(Outcome::Sent));
    assert_eq!(script.send(2, 500), Ok(Outcome::Sent));
    assert_eq!(script.send(3, 1), Ok(Outcome::Queued));
    assert_eq!(script.send(4, 1), Ok(Outcome::Queued));
    script.fall_to(251);
    assert_eq!(script.sent, [1, 2]);
    assert_eq!(script.events, []);
    script.fall_to(250);
    assert_eq!(script.sent, [1, 2, 3, 4]);
    assert_eq!(script.events, [Event::Drain(DrainEvent::default())]);
}

#[test]
fn the_queue_is_bounded_in_bytes_and_messages() {
    let mut script = Script::connecting(SMALL.capacity_messages(3));
    assert_eq!(
        script.send(1, 5000 - 63),
        Err(TrySendError::TooLarge(Parcel {
            id: 1,
            bytes: 5000 - 63
        }))
    );
    assert_eq!(script.send(2, 5000 - 64), Ok(Outcome::Queued));
    assert_eq!(
        script.send(3, 0),
        Err(TrySendError::Full(Parcel { id: 3, bytes: 0 }))
    );
    assert_eq!(script.machine.stats(0, script.now).messages_queued, 1);

    let mut script = Script::connecting(SMALL.capacity_messages(2));
    assert_eq!(script.send(1, 0), Ok(Outcome::Queued));
    assert_eq!(script.send(2, 0), Ok(Outcome::Queued));
    assert_eq!(
        script.send(3, 0),
        Err(TrySendError::Full(Parcel { id: 3, bytes: 0 }))
    );
}

#[test]
fn a_message_of_any_size_passes_alone_through_an_open_gate() {
    let mut script = Script::open(SMALL);
    assert_eq!(script.send(1, 1_000_000), Ok(Outcome::Sent));
    assert_eq!(
        script.send(2, 1_000_000),
        Err(TrySendError::TooLarge(Parcel {
            id: 2,
            bytes: 1_000_000
        }))
    );
}

#[test]
fn while_connecting_the_mark_applies_to_the_queue() {
    let mut script = Script::connecting(SMALL);
    assert_eq!(script.machine.room(), Room::Yes);
    script.send(1, 1000).unwrap();
    assert_eq!(script.machine.room(), Room::Wait);
}

#[test]
fn a_sender_that_was_told_of_room_may_send_whatever_came_between() {
    let mut script = Script::open(SMALL.capacity_messages(1));
    assert_eq!(script.machine.room(), Room::Yes);
    script.send(1, 1000).unwrap();
    script.send(2, 10).unwrap();
    assert_eq!(
        script.machine.send(Parcel { id: 3, bytes: 10 }),
        Ok(Outcome::Queued)
    );
    script.fall_to(0);
    assert_eq!(script.sent, [1, 2, 3]);
}

#[test]
fn on_a_shared_socket_every_send_is_preceded_by_a_reading() {
    let mut machine: Machine<Parcel> = Machine::adopted(SMALL, true);
    assert_eq!(machine.poll_transmit(), None);
    assert_eq!(machine.ready_state(), ReadyState::Open);
    assert!(machine.wants_reading());
    machine.handle_buffered(1000, seconds(0));
    assert_eq!(machine.room(), Room::Wait, "others have filled the buffer");

    let mut machine: Machine<Parcel> = Machine::adopted(SMALL, false);
    machine.handle_open(GENERATION, OpenEvent::default(), seconds(0));
    assert!(
        machine.wants_reading(),
        "also when it was adopted before it was open"
    );

    let mut script = Script::open(SMALL);
    assert!(!script.machine.wants_reading());
    script.machine.share();
    assert!(script.machine.wants_reading());
}

#[test]
fn drain_is_told_once_and_only_after_something_was_queued() {
    let mut script = Script::open(SMALL);
    script.send(1, 999).unwrap();
    script.fall_to(0);
    assert_eq!(script.events, [], "nothing was queued");
    script.send(2, 1000).unwrap();
    script.send(3, 1).unwrap();
    script.fall_to(0);
    script.fall_to(0);
    assert_eq!(script.events, [Event::Drain(DrainEvent::default())]);
}

#[test]
fn a_refused_message_of_the_queue_is_counted_as_dropped() {
    let mut script = Script::connecting(SMALL);
    script.send(1, 1).unwrap();
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), seconds(0));
    let Some(Transmit::Message(entry)) = script.machine.poll_transmit() else {
        panic!("nothing to transmit");
    };
    script.machine.handle_refused(entry, DropCause::Refused);
    script.drain();
    assert!(
        script.events.contains(&Event::Error(ErrorEvent::default())),
        "and told"
    );
    let stats = script.machine.stats(0, script.now);
    assert_eq!((stats.messages_sent, stats.dropped.refused), (0, 1));
}

// ---- looking at bufferedAmount ----

#[test]
fn nobody_is_woken_unless_somebody_waits() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    assert_eq!(script.timeout(), None);
    let waiting = Waiting {
        drained: true,
        ..Waiting::default()
    };
    assert!(script.machine.poll_timeout(waiting).is_some());
    let waiting = Waiting {
        room: true,
        ..Waiting::default()
    };
    assert!(script.machine.poll_timeout(waiting).is_some());
    let waiting = Waiting {
        drain: true,
        ..Waiting::default()
    };
    assert_eq!(
        script.machine.poll_timeout(waiting),
        None,
        "no drain is owed"
    );
    script.fall_to(0);
    let all = Waiting {
        room: true,
        drain: true,
        drained: true,
    };
    assert_eq!(
        script.machine.poll_timeout(all),
        None,
        "there is room, and nothing to wait for"
    );
}

#[test]
fn looks_are_a_few_ticks_and_then_timers_that_slow_down() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.send(2, 1).unwrap();
    let mut delays = Vec::new();
    for _ in 0..12 {
        let timeout = script.timeout().unwrap();
        let delay = timeout.at.saturating_sub(script.now).as_millis();
        delays.push((timeout.wake, delay));
        script.now = script.now.max(timeout.at);
        script.look();
    }
    let tick = (Wake::Tick, 0);
    let timer = |milliseconds| (Wake::Timer, milliseconds);
    assert_eq!(delays[..2], [tick; 2]);
    assert_eq!(delays[2..], [0, 1, 2, 4, 8, 16, 16, 16, 16, 16].map(timer));
    assert!(script.timeout().unwrap().idle > Duration::from_millis(90));
    // 250 of the 1,750 bytes above the low mark left within 16 ms: the rest takes 96 ms.
    script.now = script.timeout().unwrap().at;
    script.fall_to(1750);
    let next = script.timeout().unwrap();
    assert_eq!(next.wake, Wake::Timer);
    assert_eq!(
        next.at - script.now,
        Duration::from_millis(8),
        "a slow fall"
    );
    assert_eq!(next.idle, Duration::from_millis(8));
    script.now = next.at;
    script.fall_to(300);
    let next = script.timeout().unwrap();
    assert_eq!(
        next.at, script.now,
        "a fast fall goes back to the first timer"
    );
}

#[test]
fn a_steady_slow_fall_costs_few_looks() {
    let mut script = Script::open(Options::new().low_water_mark(256 << 10));
    script.send(1, 1 << 20).unwrap();
    script.send(2, 1).unwrap();
    // 64 bytes at a time, 1.5 MiB a second, to the low mark.
    let steps = (768 << 10) / 64;
    for step in 1..=steps {
        script.buffered = (1 << 20) - step * 64;
        script.pass(Duration::from_micros(41));
    }
    script.pass(Duration::from_millis(2));
    assert_eq!(script.sent, [1, 2], "as soon as the low mark is reached");
    let polls = script.machine.stats(0, script.now).polls;
    assert!((30..200).contains(&polls), "{polls} looks in half a second");
}

#[test]
fn a_long_wait_costs_few_looks() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.send(2, 1).unwrap();
    script.pass(seconds(60));
    let polls = script.machine.stats(0, script.now).polls;
    assert!(
        (3700..3800).contains(&polls),
        "{polls} looks in a minute, about one per 16 ms"
    );
}

// ---- events ----

#[test]
fn an_error_is_told_and_is_no_transition() {
    let mut script = Script::open(SMALL);
    script.machine.handle_error(GENERATION, script.now);
    script.drain();
    assert_eq!(script.machine.ready_state(), ReadyState::Open);
    assert_eq!(script.events, [Event::Error(ErrorEvent::default())]);
}

#[test]
fn events_of_another_generation_are_ignored() {
    let mut script = Script::open(SMALL);
    let stale = Generation(0);
    script
        .machine
        .handle_message(stale, Parcel { id: 1, bytes: 1 });
    script.machine.handle_unreadable(stale);
    script.machine.handle_error(stale, script.now);
    script.machine.handle_closing(stale, script.now);
    script
        .machine
        .handle_close(stale, CloseEvent::abnormal(), script.now);
    script.drain();
    assert_eq!(script.events, []);
    assert_eq!(script.machine.ready_state(), ReadyState::Open);
    assert_eq!(script.machine.stats(0, script.now).messages_received, 0);

    let mut script = Script::connecting(SMALL);
    script
        .machine
        .handle_open(stale, OpenEvent::default(), script.now);
    assert_eq!(script.machine.ready_state(), ReadyState::Connecting);
}

#[test]
fn there_is_one_close_event_whatever_comes_after() {
    let mut script = Script::open(SMALL);
    let close = CloseEvent::new(4001, "bye", true);
    script
        .machine
        .handle_close(GENERATION, close.clone(), script.now);
    script
        .machine
        .handle_close(GENERATION, CloseEvent::abnormal(), script.now);
    script.machine.handle_error(GENERATION, script.now);
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), script.now);
    script
        .machine
        .handle_message(GENERATION, Parcel { id: 1, bytes: 1 });
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    assert_eq!(script.events, [Event::Close(close.clone())]);
    assert_eq!(script.machine.close_event(), Some(&close));
    assert_eq!(script.closed_with, []);
    assert!(script.abandoned, "our listeners go with the connection");
}

#[test]
fn a_connection_that_ends_takes_its_queue_with_it_and_counts_it() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.send(2, 1).unwrap();
    script.send(3, 1).unwrap();
    script
        .machine
        .handle_close(GENERATION, CloseEvent::abnormal(), script.now);
    script.drain();
    assert_eq!(script.sent, [1]);
    assert!(script.machine.lost() > 0);
    assert_eq!(script.machine.stats(0, script.now).dropped.total(), 2);
    assert_eq!(script.machine.stats(0, script.now).bytes_queued, 0);
}

// ---- closing ----

#[test]
fn close_hands_over_what_is_queued_before_the_close_frame() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.send(2, 1).unwrap();
    let frame = CloseFrame::from(CloseCode::new(4001).unwrap());
    script.machine.close(frame.clone(), script.now);
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    assert_eq!(script.sent, [1, 2]);
    assert_eq!(script.closed_with, [frame], "the first call counts");
    assert_eq!(script.machine.stats(0, script.now).dropped.total(), 0);
}

#[test]
fn close_while_connecting_drops_what_is_queued() {
    let mut script = Script::connecting(SMALL);
    script.send(1, 1).unwrap();
    script.machine.close(CloseFrame::default(), script.now);
    script
        .machine
        .handle_open(GENERATION, OpenEvent::default(), script.now);
    script.drain();
    assert_eq!(script.sent, []);
    assert_eq!(script.closed_with, [CloseFrame::default()]);
    assert_eq!(script.machine.stats(0, script.now).dropped.total(), 1);
    assert_eq!(script.machine.ready_state(), ReadyState::Closing);
}

#[test]
fn a_peer_that_never_answers_is_given_up_after_the_close_timeout() {
    let mut script = Script::open(SMALL);
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    script.pass(Duration::from_millis(4999));
    assert_eq!(script.machine.ready_state(), ReadyState::Closing);
    script.pass(Duration::from_millis(1));
    assert_eq!(script.events, [Event::Close(CloseEvent::abnormal())]);
    assert!(script.abandoned);
    assert_eq!(
        script.machine.stats(0, script.now).polls,
        1,
        "nothing is left to look at"
    );
}

#[test]
fn a_peer_that_never_reads_is_given_up_after_the_drain_timeout() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    script.pass(seconds(30));
    script.fall_to(1999);
    script.pass(Duration::from_millis(59_900));
    assert_eq!(
        script.machine.ready_state(),
        ReadyState::Closing,
        "it fell 59.9 s ago"
    );
    script.pass(Duration::from_millis(200));
    assert_eq!(script.machine.close_event(), Some(&CloseEvent::abnormal()));
}

#[test]
fn what_a_slow_peer_still_has_to_read_is_waited_for() {
    // 20 MiB at 1 MiB/s, closed at once: the buffer falls for 20 s, then 4.2 MB are under way.
    let mut script = Script::open(Options::new().high_water_mark(64 << 20));
    script.send(1, 20 << 20).unwrap();
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    for second in 1..=20 {
        script.pass(seconds(1));
        script.fall_to((20 - second) << 20);
    }
    script.pass(seconds(8));
    assert_eq!(
        script.machine.ready_state(),
        ReadyState::Closing,
        "5 s and 4 s for what is hidden"
    );
    script.pass(seconds(2));
    assert_eq!(script.machine.ready_state(), ReadyState::Closed);
}

#[test]
fn the_allowance_for_hidden_bytes_is_bounded() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    // 100 bytes a second: 4.2 MB would take 11 hours.
    for second in 1..=20 {
        script.pass(seconds(1));
        script.fall_to(2000 - second * 100);
    }
    script.pass(Duration::from_millis(29_900));
    assert_eq!(script.machine.ready_state(), ReadyState::Closing);
    script.pass(Duration::from_millis(200));
    assert_eq!(script.machine.ready_state(), ReadyState::Closed);
}

#[test]
fn quiet_times_are_no_slow_rate() {
    // A chat: 100 bytes a minute that are always still on their way when looked at, and a deaf
    // peer at the end.
    let mut script = Script::open(SMALL);
    for id in 0..10 {
        script.send(id, 100).unwrap();
        script.now += seconds(60);
        script.buffered = 10;
        script.machine.handle_buffered(10, script.now);
    }
    script.machine.close(CloseFrame::default(), script.now);
    script.drain();
    script.fall_to(0);
    script.pass(seconds(5));
    assert_eq!(
        script.machine.ready_state(),
        ReadyState::Closed,
        "5 s, not 30"
    );
}

#[test]
fn dropping_the_last_handle_closes_without_an_event() {
    let mut script = Script::open(SMALL);
    script.send(1, 2000).unwrap();
    script.send(2, 1).unwrap();
    script
        .machine
        .handle_message(GENERATION, Parcel { id: 9, bytes: 1 });
    script.machine.detach(script.now);
    script.drain();
    assert_eq!(script.sent, [1, 2]);
    assert_eq!(script.closed_with, [CloseFrame::default()]);
    assert!(script.abandoned);
    assert_eq!(script.events, []);
    assert_eq!(script.machine.ready_state(), ReadyState::Closed);
    assert_eq!(script.timeout(), None);
}

// ---- the inbox ----

#[test]
fn an_inbox_keeps_messages_in_order_and_in_bounds() {
    let mut script = Script::open(SMALL.inbox_capacity(300));
    assert!(
        script
            .machine
            .store(Some(Parcel { id: 0, bytes: 1 }), None)
            .is_ok(),
        "nobody keeps it"
    );
    assert_eq!(script.machine.take_message(), None);
    assert!(script.machine.open_inbox());
    assert!(!script.machine.open_inbox(), "there is one already");
    for id in 1..=2 {
        script
            .machine
            .store(Some(Parcel { id, bytes: 86 }), None)
            .unwrap();
    }
    assert!(
        script
            .machine
            .store(Some(Parcel { id: 3, bytes: 1 }), None)
            .is_err()
    );
    assert!(
        script
            .machine
            .store(Some(Parcel { id: 4, bytes: 0 }), None)
            .is_ok(),
        "told once"
    );
    assert!(script.machine.inbox().unwrap().has_overflowed());
    assert_eq!(script.machine.stats(0, script.now).messages_overflowed, 2);
    let ids = std::iter::from_fn(|| script.machine.take_message()).map(|kept| kept.unwrap().id);
    assert_eq!(ids.collect::<Vec<_>>(), [1, 2], "no hole");
    script.machine.overflow(script.now);
    script.drain();
    assert_eq!(script.closed_with, [CloseFrame::from(CloseCode::OVERFLOW)]);
}

#[test]
fn an_unreadable_message_is_an_event_and_keeps_its_place() {
    let mut script = Script::open(SMALL);
    script.machine.open_inbox();
    script.machine.handle_unreadable(GENERATION);
    script.drain();
    assert_eq!(script.events, [Event::Unreadable]);
    let parcel = |id| Some(Parcel { id, bytes: 1 });
    for kept in [parcel(1), None, parcel(2)] {
        script.machine.store(kept, None).unwrap();
    }
    let kept: Vec<_> = std::iter::from_fn(|| script.machine.take_message()).collect();
    assert_eq!(kept, [parcel(1), None, parcel(2)]);
    assert_eq!(script.machine.stats(0, script.now).messages_unreadable, 1);
}

#[test]
fn extreme_options_and_times_do_not_panic() {
    let options = Options::new()
        .high_water_mark(usize::MAX)
        .capacity(usize::MAX)
        .close_timeout(Duration::MAX)
        .drain_timeout(Duration::MAX);
    let mut script = Script::open(options);
    script.send(1, usize::MAX / 4).unwrap();
    script.send(2, usize::MAX / 4).ok();
    script.machine.close(CloseFrame::default(), Duration::MAX);
    script.drain();
    script
        .machine
        .handle_timeout(u64::MAX, Duration::MAX, WokenBy::Timer);
    script
        .machine
        .handle_timeout(0, Duration::ZERO, WokenBy::Timer);
    script
        .machine
        .handle_timeout(0, Duration::MAX, WokenBy::Timer);
}
