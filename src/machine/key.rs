//! Finding a waiting message by its key.

use std::collections::BTreeMap;

use core::fmt::Debug;

/// What a newer message must share with an older one to take its place.
///
/// A key brings the index that it is looked up in, so that an application without keys does not
/// link one.
#[derive(Clone, Debug)]
pub struct Key {
    name: Box<str>,
    new_index: fn() -> Box<dyn Index>,
}

impl Key {
    /// A key with this name.
    pub fn new(name: String) -> Self {
        Self {
            name: name.into_boxed_str(),
            new_index: || Box::new(BTreeMap::new()),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn new_index(&self) -> Box<dyn Index> {
        (self.new_index)()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

/// Where the messages with keys are: their numbers in the queue.
pub trait Index: Debug {
    /// The message with this key.
    fn get(&self, key: &str) -> Option<u64>;

    /// A message with this key is in the queue.
    fn insert(&mut self, key: &str, number: u64);

    /// None is any more.
    fn remove(&mut self, key: &str);
}

impl Index for BTreeMap<Box<str>, u64> {
    fn get(&self, key: &str) -> Option<u64> {
        self.get(key).copied()
    }

    fn insert(&mut self, key: &str, number: u64) {
        self.insert(key.into(), number);
    }

    fn remove(&mut self, key: &str) {
        self.remove(key);
    }
}
