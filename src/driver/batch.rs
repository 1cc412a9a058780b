//! Messages for a handler that takes several at once.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::WokenBy;
use crate::machine::{Payload, Timeout};
use crate::options::OVERHEAD;

use super::{Alarm, Clock, Driver};

/// Gathers messages. A trait, so that an application without batches does not link any.
pub(crate) trait Gather<P> {
    /// Keeps a message. Says whether it is time to tell, because much is kept.
    fn push(&self, message: P) -> bool;

    /// Takes what was kept.
    fn take(&self) -> Vec<P>;
}

/// What has arrived since the last batch.
pub(crate) struct Batches<P: Payload + 'static> {
    driver: Weak<Driver<P>>,
    clock: Box<dyn Clock>,
    /// How long after its first message a batch is told.
    delay: Duration,
    /// How many bytes end a batch early, each message counted as its bytes plus 64.
    capacity: usize,
    messages: RefCell<Vec<P>>,
    bytes: Cell<usize>,
}

impl<P: Payload + 'static> Batches<P> {
    /// Gathers for this driver. The clock decides what the delay means.
    pub(crate) fn install(
        driver: &Rc<Driver<P>>,
        clock: Box<dyn Clock>,
        delay: Duration,
        capacity: usize,
    ) {
        let batches = Rc::new(Self {
            driver: Rc::downgrade(driver),
            clock,
            delay,
            capacity,
            messages: RefCell::default(),
            bytes: Cell::new(0),
        });
        let alarm: Weak<dyn Alarm> = Rc::downgrade(&batches) as _;
        batches.clock.start(alarm);
        driver.set_gather(batches);
    }
}

impl<P: Payload + 'static> Gather<P> for Batches<P> {
    fn push(&self, message: P) -> bool {
        let cost = message.byte_len().saturating_add(OVERHEAD);
        let bytes = self.bytes.get().saturating_add(cost);
        self.bytes.set(bytes);
        let first = {
            let mut messages = self.messages.borrow_mut();
            messages.push(message);
            messages.len() == 1
        };
        if first {
            let at = self.clock.now().saturating_add(self.delay);
            self.clock.arm(Some(Timeout::timer(at)));
        }
        bytes > self.capacity
    }

    fn take(&self) -> Vec<P> {
        self.clock.arm(None);
        self.bytes.set(0);
        self.messages.take()
    }
}

impl<P: Payload + 'static> Alarm for Batches<P> {
    fn handle_alarm(&self, _: WokenBy) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_batch(self.take());
        }
    }
}
