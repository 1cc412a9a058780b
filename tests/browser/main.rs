//! The crate in real browsers against the embedded server, as one wasm binary.
//!
//! `npm run test:browser` runs it in every engine. Tests with `anywhere` in their names also run in
//! dedicated and shared workers, and those with `shared_memory` with wasm threads.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod adopting;
mod closing;
mod flow;
mod handlers;
mod hidden;
mod leaks;
mod messages;
mod opening;
mod policies;
mod sending;
mod support;
#[cfg(target_feature = "atomics")]
mod threads;
mod traps;
