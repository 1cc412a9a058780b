//! Tasks that wait for a socket.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::ReadyState;
use crate::machine::{Machine, Payload, Room, Ticket};

use super::Driver;

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Open,
    Room,
    Flushed,
    Drained,
    Message,
    Fate(Ticket),
    Closed,
}

impl Wait {
    /// Whether a task need not wait for this any more. None does when the connection has ended.
    fn is_over<P: Payload>(self, machine: &Machine<P>) -> bool {
        if machine.ready_state() == ReadyState::Closed {
            return true;
        }
        match self {
            Self::Open => machine.was_open(),
            Self::Room => machine.room() != Room::Wait,
            Self::Flushed => machine.is_flushed(),
            Self::Drained => machine.is_drained(),
            Self::Message => machine
                .inbox()
                .is_some_and(|inbox| !inbox.is_empty() || inbox.has_overflowed()),
            Self::Fate(ticket) => machine.has_fate(ticket),
            Self::Closed => false,
        }
    }
}

/// The tasks that wait for one socket, in the order in which they began to.
///
/// A task that is woken and finds that it has to wait on keeps its place, so that senders that
/// compete for room take turns.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    list: RefCell<Vec<Entry>>,
    next_key: Cell<u32>,
}

#[derive(Debug)]
struct Entry {
    key: u32,
    wait: Wait,
    waker: Option<Waker>,
}

impl Waiters {
    /// Whether nobody has a place.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Whether a task waits for this.
    pub(super) fn any(&self, wait: Wait) -> bool {
        let list = self.list();
        list.iter()
            .any(|entry| entry.wait == wait && entry.waker.is_some())
    }

    /// Wakes every task that should look again, with nothing borrowed.
    pub(super) fn wake<P: Payload>(&self, machine: &RefCell<Machine<P>>) {
        if self.list().is_empty() {
            return;
        }
        let mut woken = Vec::new();
        for entry in self.list().iter_mut() {
            if entry.wait.is_over(&machine.borrow()) {
                woken.extend(entry.waker.take());
            }
        }
        for waker in woken {
            waker.wake();
        }
    }

    fn list(&self) -> RefMut<'_, Vec<Entry>> {
        self.list.borrow_mut()
    }

    fn set(&self, key: Option<u32>, wait: Wait, waker: &Waker) -> u32 {
        let waker = Some(waker.clone());
        let mut list = self.list();
        if let Some(entry) = list.iter_mut().find(|entry| Some(entry.key) == key) {
            entry.wait = wait;
            let key = entry.key;
            let old = core::mem::replace(&mut entry.waker, waker);
            drop(list);
            // After the borrow: it may drop a task, and so anything.
            drop(old);
            return key;
        }
        let key = self.next_key.get();
        self.next_key.set(key.wrapping_add(1));
        list.push(Entry { key, wait, waker });
        key
    }

    fn remove(&self, key: u32) {
        let mut list = self.list();
        // `remove` panics with a text that would link the formatting of numbers.
        let removed = list.extract_if(.., |entry| entry.key == key).next();
        drop(list);
        // After the borrow: it may drop a task, and so anything.
        drop(removed);
    }
}

/// A place among the tasks that wait, given up on drop.
pub(crate) struct Waiter<P: Payload + 'static> {
    driver: Rc<Driver<P>>,
    key: Option<u32>,
}

impl<P: Payload + 'static> Waiter<P> {
    pub(crate) fn new(driver: &Rc<Driver<P>>) -> Self {
        Self {
            driver: driver.clone(),
            key: None,
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.key.is_some()
    }

    /// Ends the wait when it is over; otherwise waits, or goes on waiting.
    pub(super) fn poll(&mut self, wait: Wait, cx: &Context<'_>) -> Poll<()> {
        if wait.is_over(&self.driver.machine()) {
            self.end();
            return Poll::Ready(());
        }
        let key = self.driver.waiters.set(self.key, wait, cx.waker());
        self.key = Some(key);
        self.driver.set_alarm();
        Poll::Pending
    }

    /// Ends the wait. With nobody left, nothing stays armed.
    fn end(&mut self) {
        if let Some(key) = self.key.take() {
            self.driver.waiters.remove(key);
            self.driver.set_alarm();
        }
    }
}

impl<P: Payload + 'static> Drop for Waiter<P> {
    fn drop(&mut self) {
        self.end();
    }
}
