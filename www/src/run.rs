//! One flood while it runs: its socket, its numbers, its samples.

use std::cell::{Cell, Ref, RefCell};

use js_sys::{JSON, Reflect};
use sluicegate::{DropEvent, Drops, TapEvent, WebSocket};

use crate::hidden::{Split, Visibility};
use crate::history::{History, Sample};
use crate::page;
use crate::plan::Plan;
use crate::tally::Tally;

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
    /// Messages that were made.
    offered: Cell<u64>,
    peak: Cell<u64>,
    moved: Cell<f64>,
    last: Cell<(u64, u64)>,
    arrived: Cell<Option<u64>>,
    stopped: Cell<bool>,
    /// Whether the question for the report was handed over too.
    asked: Cell<bool>,
    /// How often a timer looked at `bufferedAmount` of the bare socket.
    looks: Cell<u64>,
    held_back: Cell<bool>,
    visibility: RefCell<Visibility>,
    tally: RefCell<Tally>,
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
    pub(crate) polls: u64,
    /// Messages that were accepted and dropped.
    pub(crate) dropped: u64,
    /// The bytes that the peer counted, once it told.
    pub(crate) arrived: Option<u64>,
    /// For how many milliseconds nothing has moved.
    pub(crate) still: f64,
    pub(crate) split: Split,
}

/// What the socket counts.
#[derive(Clone, Copy, Default)]
struct Progress {
    sent: u64,
    queued: u64,
    polls: u64,
    drops: Drops,
}

impl Run {
    pub(crate) fn new(plan: Plan) -> Self {
        let now = page::now();
        Self {
            plan,
            history: RefCell::default(),
            channel: RefCell::default(),
            began: Cell::new(now),
            offered: Cell::default(),
            peak: Cell::default(),
            moved: Cell::new(now),
            last: Cell::default(),
            arrived: Cell::default(),
            stopped: Cell::default(),
            asked: Cell::default(),
            looks: Cell::default(),
            held_back: Cell::default(),
            visibility: RefCell::default(),
            tally: RefCell::default(),
        }
    }

    // ---- a flood's life ----

    /// The connection is open: the clock starts, unless the flood was stopped meanwhile.
    pub(crate) fn begin(&self, channel: Channel) -> Result<(), String> {
        *self.channel.borrow_mut() = Some(channel);
        if self.is_stopped() {
            self.close();
            return Err("the flood was stopped".into());
        }
        self.began.set(page::now());
        self.moved.set(page::now());
        *self.visibility.borrow_mut() = Visibility::new(page::is_hidden());
        self.sample();
        Ok(())
    }

    /// Whether another message is to be made.
    pub(crate) fn wants_more(&self) -> bool {
        !self.is_stopped() && self.plan.goal.wants(self.offered(), self.elapsed())
    }

    /// Whether another message may be handed over without filling the machine's memory.
    pub(crate) fn may_send(&self) -> bool {
        let sent = self.progress().sent * self.plan.size as u64;
        let may = self.plan.may_send(sent, self.buffered(), self.elapsed());
        if !may {
            self.held_back.set(true);
        }
        may
    }

    /// Whether the flood had to wait lest it fill the machine's memory.
    pub(crate) fn was_held_back(&self) -> bool {
        self.held_back.get()
    }

    /// Everything was handed over.
    pub(crate) fn finish_sending(&self) {
        self.keep_sample();
        self.visibility.borrow_mut().finish();
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

    // ---- what happened ----

    /// A message was made. Returns its number.
    pub(crate) fn count_offered(&self) -> u64 {
        self.offered.replace(self.offered.get() + 1)
    }

    pub(crate) fn offered(&self) -> u64 {
        self.offered.get()
    }

    /// A message came back, because the queue was full. It is offered again.
    pub(crate) fn count_given_back(&self) {
        self.tally.borrow_mut().given_back += 1;
    }

    /// The question for the report was handed over, which is no message of the flood.
    pub(crate) fn count_question(&self) {
        self.asked.set(true);
    }

    /// A timer looked at the bare socket's `bufferedAmount`.
    pub(crate) fn count_look(&self) {
        self.looks.set(self.looks.get() + 1);
    }

    /// Something happened inside the socket: a good time for a sample, also in a hidden page.
    pub(crate) fn handle_tap(&self, event: TapEvent) {
        self.tally.borrow_mut().handle_tap(event);
        self.sample();
    }

    pub(crate) fn handle_drop(&self, event: &DropEvent) {
        self.tally.borrow_mut().handle_drop(event);
    }

    /// The page was hidden, or is seen again.
    pub(crate) fn handle_visibility(&self, is_hidden: bool) {
        self.keep_sample();
        self.visibility.borrow_mut().turn(is_hidden);
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

    // ---- numbers ----

    /// Looks at `bufferedAmount`, and keeps the look if it is time for one.
    pub(crate) fn sample(&self) {
        self.peak.set(self.peak.get().max(self.buffered()));
        if self.history.borrow().wants(self.elapsed()) {
            self.keep_sample();
        }
    }

    fn keep_sample(&self) {
        let now = self.snapshot();
        self.history.borrow_mut().add(Sample {
            elapsed: now.elapsed,
            buffered: now.buffered,
            queued: now.queued,
            sent: now.sent_bytes,
        });
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let (now, elapsed) = (page::now(), self.elapsed());
        let progress = self.progress();
        let sent_bytes = progress.sent * self.plan.size as u64;
        let buffered = self.buffered();
        let moved = (progress.sent, buffered);
        if self.last.replace(moved) != moved {
            self.moved.set(now);
        }
        let mut visibility = self.visibility.borrow_mut();
        visibility.advance(elapsed, sent_bytes);
        Snapshot {
            elapsed,
            sent: progress.sent,
            sent_bytes,
            buffered,
            queued: progress.queued,
            peak: self.peak.get().max(buffered),
            polls: progress.polls,
            dropped: progress.drops.total(),
            arrived: self.arrived.get(),
            still: now - self.moved.get(),
            split: visibility.split(),
        }
    }

    /// Messages that were accepted and dropped, by cause.
    pub(crate) fn drops(&self) -> Drops {
        self.progress().drops
    }

    pub(crate) fn tally(&self) -> Ref<'_, Tally> {
        self.tally.borrow()
    }

    /// From when to when the page was hidden, in seconds.
    pub(crate) fn hidden_stretches(&self) -> Vec<(f64, f64)> {
        self.visibility.borrow().stretches()
    }

    /// Milliseconds since the connection is open.
    fn elapsed(&self) -> f64 {
        page::now() - self.began.get()
    }

    fn buffered(&self) -> u64 {
        match &*self.channel.borrow() {
            Some(Channel::Gated(socket)) => socket.buffered_amount(),
            Some(Channel::Bare(socket)) => u64::from(socket.buffered_amount()),
            None => 0,
        }
    }

    fn progress(&self) -> Progress {
        match &*self.channel.borrow() {
            Some(Channel::Gated(socket)) => {
                let stats = socket.stats();
                let asked = u64::from(self.asked.get());
                Progress {
                    sent: stats.messages_sent.saturating_sub(asked),
                    queued: stats.bytes_queued as u64,
                    polls: stats.polls,
                    drops: stats.dropped,
                }
            }
            Some(Channel::Bare(_)) => Progress {
                sent: self.offered.get(),
                polls: self.looks.get(),
                ..Progress::default()
            },
            None => Progress::default(),
        }
    }
}
