//! What an application hangs on a socket: a replaceable slot per event, and any number of
//! listeners.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use crate::driver::{Consumer, Wants};
use crate::machine::Event;
use crate::socket::Handle;
use crate::{
    CloseEvent, DrainEvent, DropEvent, ErrorEvent, Message, OpenEvent, TapEvent, WebSocket,
};

/// A user's closure, whatever its event.
pub(crate) type Handler = Rc<RefCell<dyn FnMut(&WebSocket, Event<Message>)>>;

/// Which event a handler is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Open,
    Message,
    Error,
    Close,
    Drain,
    Drop,
    Messages,
    Tap,
}

/// The handlers of one socket. An application that sets none does not link this.
#[derive(Default)]
pub(crate) struct Handlers {
    owner: RefCell<Option<Weak<dyn Any>>>,
    slots: [Slot; 8],
    next_id: Cell<u32>,
}

/// The handlers of one event, in the order in which they are called.
#[derive(Default)]
struct Slot {
    property: RefCell<Option<Handler>>,
    listeners: RefCell<Vec<(u32, Handler)>>,
}

impl Handlers {
    /// Replaces what is in the slot. The old handler is dropped with nothing borrowed.
    pub(crate) fn set(&self, kind: Kind, handler: Option<Handler>) {
        drop(self.slot(kind).property.replace(handler));
    }

    /// Adds a listener.
    pub(crate) fn add(&self, kind: Kind, handler: Handler) -> u32 {
        let id = self.next_id.get();
        self.next_id.set(id.wrapping_add(1));
        self.slot(kind).listeners.borrow_mut().push((id, handler));
        id
    }

    /// Removes a listener, if it is still there.
    pub(crate) fn remove(&self, kind: Kind, id: u32) {
        let removed = {
            let mut listeners = self.slot(kind).listeners.borrow_mut();
            let index = listeners.iter().position(|(other, _)| *other == id);
            index.map(|index| listeners.remove(index))
        };
        drop(removed);
    }

    /// Tells the socket that somebody listens for something else now.
    pub(crate) fn announce(&self) {
        if let Some(handle) = self.owner() {
            WebSocket::from_handle(handle).driver().listen();
        }
    }

    fn owner(&self) -> Option<Rc<Handle>> {
        let owner = self.owner.borrow().as_ref().and_then(Weak::upgrade)?;
        Rc::downcast(owner).ok()
    }

    /// Drops every handler.
    fn clear(&self) {
        for slot in &self.slots {
            drop(slot.property.take());
            drop(slot.listeners.take());
        }
    }

    /// Whether there is any handler for the event.
    fn any(&self, kind: Kind) -> bool {
        let slot = self.slot(kind);
        slot.property.borrow().is_some() || !slot.listeners.borrow().is_empty()
    }

    /// Calls every handler of the event. The last one gets the event itself, those before a clone,
    /// so that with one handler nothing is copied. A listener that was removed meanwhile is not
    /// called, and one that was added hears only the next event.
    fn dispatch(&self, socket: &WebSocket, event: Event<Message>) {
        let slot = self.slot(Kind::of(&event));
        let property = slot.property.borrow().clone();
        let listeners = slot.listeners.borrow().clone();
        let property = property.into_iter().map(|handler| (None, handler));
        let listeners = listeners
            .into_iter()
            .map(|(id, handler)| (Some(id), handler));
        let mut calls = property.chain(listeners).peekable();
        let mut event = Some(event);
        while let Some((id, handler)) = calls.next() {
            if id.is_some_and(|id| !slot.has(id)) {
                continue;
            }
            let last = calls.peek().is_none();
            let given = if last { event.take() } else { event.clone() };
            // Never borrowed already: no handler is entered while it runs.
            if let (Some(event), Ok(mut handler)) = (given, handler.try_borrow_mut()) {
                handler(socket, event);
            }
        }
    }

    fn slot(&self, kind: Kind) -> &Slot {
        let [open, message, error, close, drain, dropped, messages, tap] = &self.slots;
        match kind {
            Kind::Open => open,
            Kind::Message => message,
            Kind::Error => error,
            Kind::Close => close,
            Kind::Drain => drain,
            Kind::Drop => dropped,
            Kind::Messages => messages,
            Kind::Tap => tap,
        }
    }
}

impl Consumer<Message> for Handlers {
    fn attach(&self, owner: Weak<dyn Any>) {
        self.owner.replace(Some(owner));
    }

    fn deliver(&self, event: Event<Message>) {
        let Some(handle) = self.owner() else {
            return;
        };
        let ended = matches!(event, Event::Close(_));
        self.dispatch(&WebSocket::from_handle(handle), event);
        if ended {
            self.clear();
        }
    }

    fn wants(&self) -> Wants {
        Wants {
            messages: self.any(Kind::Message),
            drain: self.any(Kind::Drain),
            drops: self.any(Kind::Drop),
            tap: self.any(Kind::Tap),
        }
    }
}

impl Slot {
    fn has(&self, id: u32) -> bool {
        self.listeners
            .borrow()
            .iter()
            .any(|(other, _)| *other == id)
    }
}

impl Kind {
    fn of(event: &Event<Message>) -> Self {
        match event {
            Event::Open(_) => Self::Open,
            Event::Message(_) => Self::Message,
            Event::Error(_) | Event::Unreadable => Self::Error,
            Event::Close(_) => Self::Close,
            Event::Drain(_) => Self::Drain,
            Event::Drop(_) => Self::Drop,
            Event::Messages(_) => Self::Messages,
            Event::Tap(_) => Self::Tap,
        }
    }
}

pub(crate) fn open(mut f: impl FnMut(&WebSocket, OpenEvent) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Open(event) = event {
            f(socket, event);
        }
    })
}

pub(crate) fn message(mut f: impl FnMut(&WebSocket, Message) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Message(message) = event {
            f(socket, message);
        }
    })
}

pub(crate) fn error(mut f: impl FnMut(&WebSocket, ErrorEvent) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Error(event) = event {
            f(socket, event);
        }
    })
}

pub(crate) fn close(mut f: impl FnMut(&WebSocket, CloseEvent) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Close(event) = event {
            f(socket, event);
        }
    })
}

pub(crate) fn drain(mut f: impl FnMut(&WebSocket, DrainEvent) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Drain(event) = event {
            f(socket, event);
        }
    })
}

pub(crate) fn dropped(mut f: impl FnMut(&WebSocket, DropEvent) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Drop(event) = event {
            f(socket, event);
        }
    })
}

pub(crate) fn messages(mut f: impl FnMut(&WebSocket, Vec<Message>) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Messages(messages) = event {
            f(socket, messages);
        }
    })
}

pub(crate) fn tap(mut f: impl FnMut(&WebSocket, TapEvent) + 'static) -> Handler {
    handler(move |socket, event| {
        if let Event::Tap(event) = event {
            f(socket, event);
        }
    })
}

fn handler(f: impl FnMut(&WebSocket, Event<Message>) + 'static) -> Handler {
    Rc::new(RefCell::new(f))
}
