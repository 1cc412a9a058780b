//! One flood while it runs: its socket, its numbers, its samples.

use std::cell::{Cell, RefCell};

use js_sys::{JSON, Reflect};
use sluicegate::WebSocket;

use crate::history::{History, Sample};
use crate::page;
use crate::plan::Plan;

/// What a flood sends on.
pub(crate) enum Channel {
    Gated(WebSocket),
    Bare(web_sys::WebSocket),
}

/// A flood that was started.
pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) history: RefCell<History>,
    channel: RefCell<Option<Channel>>,
    began: Cell<f64>,
    sent: Cell<u64>,
    peak: Cell<u64>,
    moved: Cell<f64>,
    last: Cell<(u64, u64)>,
    arrived: Cell<Option<u64>>,
    stopped: Cell<bool>,
}

/// The numbers of a flood at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) elapsed: f64,
    /// Messages handed to the browser.
    pub(crate) sent: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) buffered: u64,
    pub(crate) queued: u64,
    pub(crate) peak: u64,
    /// `None` where nothing polls.
    pub(crate) polls: Option<u64>,
    /// The bytes that the peer counted, once it told.
    pub(crate) arrived: Option<u64>,
    /// For how many milliseconds nothing has moved.
    pub(crate) still: f64,
}

impl Run {
    pub(crate) fn new(plan: Plan) -> Self {
        let now = page::now();
        Self {
            plan,
            history: RefCell::default(),
            channel: RefCell::default(),
            began: Cell::new(now),
            sent: Cell::default(),
            peak: Cell::default(),
            moved: Cell::new(now),
            last: Cell::default(),
            arrived: Cell::default(),
            stopped: Cell::default(),
        }
    }

    /// The connection is open: the clock starts, unless the flood was stopped meanwhile.
    pub(crate) fn begin(&self, channel: Channel) -> Result<(), String> {
        *self.channel.borrow_mut() = Some(channel);
        if self.is_stopped() {
            self.close();
            return Err("the flood was stopped".into());
        }
        self.began.set(page::now());
        self.moved.set(page::now());
        self.sample();
        Ok(())
    }

    /// A bare message was handed over.
    pub(crate) fn count_sent(&self) {
        self.sent.set(self.sent.get() + 1);
    }

    /// The peer's report, as JSON.
    pub(crate) fn take_report(&self, text: &str) -> Result<(), String> {
        let report = JSON::parse(text).ok();
        let bytes = report.and_then(|report| Reflect::get(&report, &"bytes".into()).ok());
        let bytes = bytes.and_then(|bytes| bytes.as_f64());
        let bytes = bytes.ok_or("the peer's report cannot be read")?;
        self.arrived.set(Some(bytes as u64));
        Ok(())
    }

    pub(crate) fn stop(&self) {
        self.stopped.set(true);
        self.close();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Closes the socket. What it still holds is the browser's affair.
    pub(crate) fn close(&self) {
        match &*self.channel.borrow() {
            Some(Channel::Gated(socket)) => socket.close(),
            Some(Channel::Bare(socket)) => drop(socket.close()),
            None => {}
        }
    }

    /// Looks at `bufferedAmount`, and keeps the look if it is time for one.
    pub(crate) fn sample(&self) {
        let elapsed = page::now() - self.began.get();
        self.peak.set(self.peak.get().max(self.buffered()));
        if !self.history.borrow().wants(elapsed) {
            return;
        }
        let snapshot = self.snapshot();
        self.history.borrow_mut().add(Sample {
            elapsed,
            buffered: snapshot.buffered,
            queued: snapshot.queued,
            sent: snapshot.sent_bytes,
        });
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = page::now();
        let (sent, queued, polls) = self.progress();
        let buffered = self.buffered();
        if self.last.replace((sent, buffered)) != (sent, buffered) {
            self.moved.set(now);
        }
        Snapshot {
            elapsed: now - self.began.get(),
            sent,
            sent_bytes: sent * self.plan.size as u64,
            buffered,
            queued,
            peak: self.peak.get().max(buffered),
            polls,
            arrived: self.arrived.get(),
            still: now - self.moved.get(),
        }
    }

    fn buffered(&self) -> u64 {
        match &*self.channel.borrow() {
            Some(Channel::Gated(socket)) => socket.buffered_amount(),
            Some(Channel::Bare(socket)) => u64::from(socket.buffered_amount()),
            None => 0,
        }
    }

    /// Messages handed over, bytes queued, polls.
    fn progress(&self) -> (u64, u64, Option<u64>) {
        match &*self.channel.borrow() {
            Some(Channel::Gated(socket)) => {
                let stats = socket.stats();
                let sent = stats.messages_sent.min(self.plan.messages); // without the question for the report
                (sent, stats.bytes_queued as u64, Some(stats.polls))
            }
            _ => (self.sent.get(), 0, None),
        }
    }
}
