//! What a flood is to do.

use std::time::Duration;

use sluicegate::{Options, RateLimit, SendOptions};

use crate::page;

/// What the browser may hold at most, in MiB, so that the tab survives.
pub(crate) const BARE_BOUND: u64 = 64;
const GATED_BOUND: u64 = 256;

/// How messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Through the gate; the task waits.
    Await,
    /// Through the gate; a producer offers messages at its own pace, and the queue fills.
    Queue,
    /// The browser's own `send`, without a look at `bufferedAmount`.
    Bare,
    /// The browser's own `send`, and a timer to look at `bufferedAmount`.
    BareTimer,
}

/// When a flood has sent enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// After so many messages.
    Messages(u64),
    /// After so many milliseconds.
    Time(f64),
    /// When it is stopped.
    Stop,
}

/// A flood, before it starts.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    /// The endpoint's path.
    pub(crate) path: String,
    /// Bytes in a message.
    pub(crate) size: usize,
    pub(crate) goal: Goal,
    /// How many bytes a second the producer makes, where it does not wait.
    pub(crate) pace: f64,
    /// Each message has one of so many keys.
    pub(crate) keys: Option<u64>,
    pub(crate) time_to_live: Option<Duration>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) options: Options,
}

impl Plan {
    pub(crate) fn url(&self) -> String {
        format!("{}{}", page::socket_origin(), self.path)
    }

    /// Whether more may be handed over.
    ///
    /// `bufferedAmount` says what the browser holds, except in WebKitGTK, where it falls whatever
    /// the peer does: there the peer's own rate says what cannot have left yet.
    pub(crate) fn may_send(&self, sent: u64, buffered: u64, elapsed: f64) -> bool {
        let bound = if self.mode.is_bare() {
            BARE_BOUND << 20
        } else {
            GATED_BOUND << 20
        };
        let read = self.peer_rate() * elapsed / 1000.0;
        buffered < bound && (sent as f64) < bound as f64 + read
    }

    /// How many bytes the peer reads in a second.
    fn peer_rate(&self) -> f64 {
        match self.path.split_once("?rate=") {
            Some((_, rate)) => rate.parse().unwrap_or_default(),
            None if self.is_counted() => f64::INFINITY,
            None => 0.0,
        }
    }

    /// Whether the endpoint tells what arrived.
    pub(crate) fn is_counted(&self) -> bool {
        self.path != "/deaf"
    }

    /// The payload of a message: its number, then zeros.
    pub(crate) fn payload(&self, number: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        if let Some(head) = bytes.first_chunk_mut() {
            *head = (number as u32).to_le_bytes();
        }
        bytes
    }

    /// What is said about a message, if anything.
    pub(crate) fn send_options(&self, number: u64) -> Option<SendOptions> {
        if self.keys.is_none() && self.time_to_live.is_none() {
            return None;
        }
        let mut options = SendOptions::new();
        if let Some(keys) = self.keys {
            options = options.key((number % keys).to_string());
        }
        if let Some(time) = self.time_to_live {
            options = options.time_to_live(time);
        }
        Some(options)
    }
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Await => "Gate, send().await",
            Self::Queue => "Gate, try_send",
            Self::Bare => "Bare, send",
            Self::BareTimer => "Bare, setTimeout",
        }
    }

    /// Where it stands in a sentence.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Await | Self::Queue => "through the gate",
            Self::Bare => "without a gate",
            Self::BareTimer => "without a gate, with a timer",
        }
    }

    /// Whether there is no gate.
    pub(crate) fn is_bare(self) -> bool {
        matches!(self, Self::Bare | Self::BareTimer)
    }
}

impl Goal {
    /// Whether there is more to send, after so many messages and milliseconds.
    pub(crate) fn wants(self, messages: u64, elapsed: f64) -> bool {
        match self {
            Self::Messages(all) => messages < all,
            Self::Time(end) => elapsed < end,
            Self::Stop => true,
        }
    }
}
