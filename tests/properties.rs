//! What holds after any sequence of operations.
#![cfg(not(target_family = "wasm"))]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use sluicegate::machine::{Event, Fate, Generation, Hears, Room, Sending, Ticket, TokenBucket};
use sluicegate::{
    CloseEvent, CloseFrame, DropCause, OpenEvent, Options, Outcome, Overflow, RateLimit,
    ReadyState, SendOptions,
};

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
        Operation::Error => {
            script.machine.handle_error(GENERATION, now);
            // A turn later.
            script.look();
        }
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
            script.machine.handle_error(stale, now);
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
        Operation::Detach => script.machine.detach(now),
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
    fn every_message_has_one_fate(
        policy in prop_oneof![Just(Overflow::Reject), Just(Overflow::DropOldest), Just(Overflow::DropNewest)],
        limited in any::<bool>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut trial = Trial::new(OPTIONS.overflow(policy), limited);
        for step in steps {
            trial.apply(step);
            trial.check();
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

// ---- keys, time to live, overflow and limits ----

#[derive(Clone, Debug)]
enum Step {
    Do(Operation),
    TrySend(usize, Option<u8>, Option<u64>),
    Send(usize, Option<u8>, Option<u64>),
    Cancel(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let message = || {
        let key = prop::option::of(0u8..4);
        (0usize..1500, key, prop::option::of(0u64..3000))
    };
    prop_oneof![
        8 => operation().prop_map(Step::Do),
        6 => message().prop_map(|(bytes, key, life)| Step::TrySend(bytes, key, life)),
        4 => message().prop_map(|(bytes, key, life)| Step::Send(bytes, key, life)),
        2 => (0usize..8).prop_map(Step::Cancel),
    ]
}

/// What may become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Sent,
    Dropped(DropCause),
    Canceled,
}

struct Trial {
    script: Script,
    ledger: Ledger,
    policy: Overflow,
    /// The messages with keys or a time to live: when they expire, and what became of them.
    expiry: BTreeMap<u32, Duration>,
    accepted: Vec<u32>,
    ends: BTreeMap<u32, End>,
    waiting: Vec<(Ticket, u32)>,
}

impl Trial {
    fn new(options: Options, limited: bool) -> Self {
        let mut script = Script::connecting(options);
        script.machine.hear(Hears {
            drops: true,
            tap: true,
        });
        if limited {
            let limit = RateLimit::new().messages(3, Duration::from_secs(1));
            script.machine.set_limit(Box::new(TokenBucket::new(&limit)));
        }
        Self {
            script,
            ledger: Ledger::default(),
            policy: options.overflow,
            expiry: BTreeMap::new(),
            accepted: Vec::new(),
            ends: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    fn apply(&mut self, step: Step) {
        let now = self.script.now;
        match step {
            Step::Do(operation) => {
                apply(&mut self.script, &mut self.ledger, &operation);
                self.accepted.append(&mut self.ledger.accepted);
            }
            Step::TrySend(bytes, key, life) => {
                let (parcel, options) = self.message(bytes, key, life);
                self.read();
                let outcome = self.script.machine.try_send_with(parcel, options, now);
                if let Ok(outcome) = outcome {
                    self.accepted.push(parcel.id);
                    assert!(
                        outcome != Outcome::Dropped || self.policy == Overflow::DropNewest,
                        "dropped against the policy"
                    );
                }
            }
            Step::Send(bytes, key, life) => {
                let (parcel, options) = self.message(bytes, key, life);
                self.read();
                match self.script.machine.send_with(parcel, options, now) {
                    Ok(Sending::Sent) => self.accepted.push(parcel.id),
                    Ok(Sending::Waits(ticket)) => {
                        self.accepted.push(parcel.id);
                        self.waiting.push((ticket, parcel.id));
                    }
                    Err(_) => {}
                }
            }
            Step::Cancel(index) => self.cancel(index),
        }
        self.script.drain();
        self.note();
    }

    fn message(
        &mut self,
        bytes: usize,
        key: Option<u8>,
        life: Option<u64>,
    ) -> (Parcel, SendOptions) {
        let id = self.ledger.next_id;
        self.ledger.next_id += 1;
        let mut options = SendOptions::new();
        if let Some(key) = key {
            options = options.key(key.to_string());
        }
        if let Some(life) = life.map(Duration::from_millis) {
            options = options.time_to_live(life);
            self.expiry.insert(id, self.script.now + life);
        }
        (Parcel { id, bytes }, options)
    }

    fn read(&mut self) {
        if self.script.machine.wants_reading() {
            let (buffered, now) = (self.script.buffered, self.script.now);
            self.script.machine.handle_buffered(buffered, now);
            self.script.drain();
        }
    }

    fn cancel(&mut self, index: usize) {
        if index < self.waiting.len() {
            let (ticket, id) = self.waiting.swap_remove(index);
            // The sender has not looked: if something became of it, that stands.
            self.note();
            self.script.machine.cancel(ticket);
            self.ends.entry(id).or_insert(End::Canceled);
        }
    }

    /// Writes down what was sent, dropped and told.
    fn note(&mut self) {
        let sent = std::mem::take(&mut self.script.sent);
        let times = std::mem::take(&mut self.script.sent_at);
        for (id, at) in sent.into_iter().zip(times) {
            self.end(id, End::Sent);
            let expiry = self.expiry.get(&id).copied().unwrap_or(Duration::MAX);
            assert!(at <= expiry, "{id} was sent after it had expired");
        }
        for event in std::mem::take(&mut self.script.events) {
            if let Event::Drop(drop) = event {
                self.end(drop.message.id, End::Dropped(drop.cause));
            }
        }
        let mut fates = Vec::new();
        self.waiting.retain(|(ticket, id)| {
            let fate = self.script.machine.take_fate(*ticket);
            fates.extend(fate.clone().map(|fate| (*id, fate)));
            fate.is_none()
        });
        for (id, fate) in fates {
            match fate {
                Fate::Sent => assert_eq!(self.ends.get(&id), Some(&End::Sent)),
                Fate::Dropped(parcel, cause) => {
                    assert_eq!(parcel.id, id, "another message came back");
                    // After the last handle is dropped nobody is told but those who wait.
                    let end = *self.ends.entry(id).or_insert(End::Dropped(cause));
                    assert_eq!(end, End::Dropped(cause));
                }
            }
        }
    }

    fn end(&mut self, id: u32, end: End) {
        let before = self.ends.insert(id, end);
        assert_eq!(before, None, "{id} ended twice");
    }

    fn check(&self) {
        let stats = self
            .script
            .machine
            .stats(self.script.buffered, self.script.now);
        let canceled = self.ends.values().filter(|end| **end == End::Canceled);
        let accounted = stats.messages_sent
            + stats.messages_queued as u64
            + stats.dropped.total()
            + canceled.count() as u64;
        assert_eq!(accounted, self.accepted.len() as u64, "lost or invented");
        let refused_by_policy = stats.dropped.overflow > 0;
        assert!(!refused_by_policy || self.policy != Overflow::Reject);
        if stats.ready_state >= ReadyState::Closing {
            assert_eq!(stats.messages_queued, 0);
        }
        let awake = self.script.timeout().is_some();
        if stats.ready_state == ReadyState::Open {
            assert_eq!(
                awake,
                stats.messages_queued > 0,
                "awake for nobody, or asleep"
            );
        }
    }
}
