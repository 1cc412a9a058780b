//! Who is told what: handlers, batches and the inbox of a stream.

use std::rc::Rc;

use crate::ErrorEvent;
use crate::machine::{Event, Payload};

use super::{Consumer, Driver, Gather};

impl<P: Payload + 'static> Driver<P> {
    /// Tells one event.
    pub(super) fn deliver(&self, event: Event<P>) {
        let consumer = self.consumer();
        match (event, consumer) {
            (Event::Message(message), consumer) => self.deliver_message(message, consumer),
            (Event::Unreadable, consumer) => {
                if let Some(consumer) = consumer {
                    consumer.deliver(Event::Error(ErrorEvent {}));
                }
                self.store(None);
            }
            (Event::Close(event), consumer) => {
                if let Some(consumer) = consumer {
                    self.deliver_batch(&*consumer);
                    consumer.deliver(Event::Close(event));
                }
                self.forget_policies();
            }
            (event, Some(consumer)) => consumer.deliver(event),
            (_, None) => {}
        }
    }

    /// Gives a message to all who want it; the last of them gets the message itself.
    fn deliver_message(&self, message: P, consumer: Option<Rc<dyn Consumer<P>>>) {
        let kept = self.machine().inbox().is_some();
        let single = consumer
            .as_ref()
            .is_some_and(|consumer| consumer.wants().messages);
        if let (Some(gather), Some(consumer)) = (self.gather(), &consumer) {
            if !kept && !single {
                return self.gather_message(&*gather, message, &**consumer);
            }
            self.gather_message(&*gather, message.clone(), &**consumer);
        }
        match consumer.filter(|_| single) {
            Some(consumer) => {
                let copy = kept.then(|| message.clone());
                consumer.deliver(Event::Message(message));
                if copy.is_some() {
                    self.store(copy);
                }
            }
            None => self.store(Some(message)),
        }
    }

    fn gather_message(&self, gather: &dyn Gather<P>, message: P, consumer: &dyn Consumer<P>) {
        if gather.push(message) {
            consumer.deliver(Event::Messages(gather.take()));
        }
    }

    /// What was gathered is told before the end.
    fn deliver_batch(&self, consumer: &dyn Consumer<P>) {
        let messages = self.gather().map(|gather| gather.take());
        if let Some(messages) = messages.filter(|messages| !messages.is_empty()) {
            consumer.deliver(Event::Messages(messages));
        }
    }

    /// A batch is due.
    pub(super) fn handle_batch(&self, messages: Vec<P>) {
        if !messages.is_empty() {
            self.machine().tell(Event::Messages(messages));
            self.advance();
        }
    }

    fn gather(&self) -> Option<Rc<dyn Gather<P>>> {
        self.gather.borrow().clone()
    }

    fn store(&self, message: Option<P>) {
        if self.machine().inbox().is_none() {
            return;
        }
        let key_of = self.key_of.borrow().clone();
        let key = message
            .as_ref()
            .and_then(|message| key_of?(message))
            .map(String::into_boxed_str);
        let stored = self.machine().store(message, key);
        if stored.is_err() {
            let now = self.clock.now();
            self.machine().overflow(now);
            self.transmit();
        }
    }
}
