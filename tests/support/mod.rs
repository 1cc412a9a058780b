//! A machine with a virtual clock and a pretended browser buffer.
#![allow(dead_code, unreachable_pub)] // each test binary uses a part of it

use std::time::Duration;

use sluicegate::machine::{Event, Generation, Machine, Payload, Timeout, Transmit, Waiting};
use sluicegate::{CloseFrame, OpenEvent, Options, WokenBy};

pub const GENERATION: Generation = Generation(1);

/// A message that is nothing but a number and a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: u32,
    pub bytes: usize,
}

impl Payload for Parcel {
    fn byte_len(&self) -> usize {
        self.bytes
    }
}

/// A machine, what it did, and the browser's buffer.
pub struct Script {
    pub machine: Machine<Parcel>,
    pub now: Duration,
    pub buffered: u64,
    pub peak_before_send: u64,
    pub sent: Vec<u32>,
    /// When, for each of them.
    pub sent_at: Vec<Duration>,
    pub closed_with: Vec<CloseFrame>,
    pub abandoned: bool,
    pub events: Vec<Event<Parcel>>,
}

impl Script {
    /// A socket in CONNECTING.
    pub fn connecting(options: Options) -> Self {
        let mut machine = Machine::new(options);
        assert_eq!(machine.poll_transmit(), Some(Transmit::Open(GENERATION)));
        Self {
            machine,
            now: Duration::ZERO,
            buffered: 0,
            peak_before_send: 0,
            sent: Vec::new(),
            sent_at: Vec::new(),
            closed_with: Vec::new(),
            abandoned: false,
            events: Vec::new(),
        }
    }

    /// A socket in OPEN, with its open event taken.
    pub fn open(options: Options) -> Self {
        let mut script = Self::connecting(options);
        script
            .machine
            .handle_open(GENERATION, OpenEvent::default(), Duration::ZERO);
        script.drain();
        script.events.clear();
        script
    }

    /// Sends a message of `bytes`, reading the buffer first where the machine asks for it.
    pub fn send(
        &mut self,
        id: u32,
        bytes: usize,
    ) -> Result<sluicegate::Outcome, sluicegate::TrySendError<Parcel>> {
        if self.machine.wants_reading() {
            self.machine.handle_buffered(self.buffered, self.now);
        }
        let outcome = self.machine.try_send(Parcel { id, bytes });
        self.drain();
        outcome
    }

    /// Carries out and records everything.
    pub fn drain(&mut self) {
        while let Some(command) = self.machine.poll_transmit() {
            match command {
                Transmit::Open(_) => panic!("opened twice"),
                Transmit::Message(entry) => {
                    self.peak_before_send = self.peak_before_send.max(self.buffered);
                    self.buffered += entry.bytes as u64;
                    self.sent.push(entry.payload.id);
                    self.sent_at.push(self.now);
                    self.machine.handle_transmitted(&entry);
                }
                Transmit::Close(frame) => self.closed_with.push(frame),
                Transmit::Abandon => self.abandoned = true,
            }
        }
        while let Some(event) = self.machine.poll_event() {
            self.events.push(event);
        }
    }

    /// The buffer falls to this, and the machine is told at its next look.
    pub fn fall_to(&mut self, bytes: u64) {
        self.buffered = self.buffered.min(bytes);
        self.look();
    }

    /// The machine's alarm rings now.
    pub fn look(&mut self) {
        self.machine
            .handle_timeout(self.buffered, self.now, WokenBy::Timer);
        self.drain();
    }

    /// Time passes, with every alarm on the way, until nothing is asked for or the time is over.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(timeout) = self.timeout().filter(|timeout| timeout.at <= end) {
            // A tick takes at least a few microseconds.
            self.now = timeout.at.max(self.now + Duration::from_micros(5));
            self.look();
        }
        self.now = end;
    }

    pub fn timeout(&self) -> Option<Timeout> {
        self.machine.poll_timeout(Waiting::default())
    }
}
