//! What is kept of what arrives.
#![cfg(not(target_family = "wasm"))]

mod support;

use std::time::Duration;

use sluicegate::machine::Machine;
use sluicegate::{InboxOverflow, Options};

use support::{Parcel, Script};

fn inbox(policy: InboxOverflow) -> Machine<Parcel> {
    let options = Options::new().inbox_capacity(500).inbox_overflow(policy);
    let mut script = Script::open(options);
    script.machine.open_inbox();
    script.machine.conflate();
    script.machine
}

fn taken(machine: &mut Machine<Parcel>) -> Vec<u32> {
    std::iter::from_fn(|| machine.take_message())
        .flatten()
        .map(|parcel| parcel.id)
        .collect()
}

#[test]
fn an_inbox_can_drop_the_oldest() {
    let mut machine = inbox(InboxOverflow::DropOldest);
    for id in 0..10 {
        machine
            .store(Some(Parcel { id, bytes: 100 }), None)
            .unwrap();
    }
    assert_eq!(taken(&mut machine), [7, 8, 9]);
    let huge = Parcel {
        id: 10,
        bytes: 1000,
    };
    machine
        .store(Some(Parcel { id: 11, bytes: 1 }), None)
        .unwrap();
    machine.store(Some(huge), None).unwrap();
    assert_eq!(
        taken(&mut machine),
        [11],
        "what can never fit is dropped itself"
    );
    let stats = machine.stats(0, Duration::ZERO);
    assert_eq!(stats.messages_overflowed, 8);
}

#[test]
fn an_inbox_can_keep_only_the_newest_of_each_key() {
    for policy in [InboxOverflow::Close, InboxOverflow::DropOldest] {
        let mut machine = inbox(policy);
        for id in 0..100 {
            let key = (id % 3 != 0).then(|| (id % 3).to_string().into_boxed_str());
            if id < 3 || key.is_some() {
                machine.store(Some(Parcel { id, bytes: 100 }), key).unwrap();
            }
        }
        assert_eq!(taken(&mut machine), [0, 97, 98]);
        let stats = machine.stats(0, Duration::ZERO);
        assert_eq!(
            (stats.messages_conflated, stats.messages_overflowed),
            (64, 0)
        );
    }
}

#[test]
fn a_conflated_inbox_still_overflows() {
    let mut machine = inbox(InboxOverflow::Close);
    let mut store = |id: u32| {
        let key = id.to_string().into_boxed_str();
        machine.store(Some(Parcel { id, bytes: 100 }), Some(key))
    };
    assert!((0..3).all(|id| store(id).is_ok()));
    assert!(store(3).is_err());
    assert!(store(4).is_ok(), "told once");
}
