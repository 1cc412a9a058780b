//! The crate in real browsers against the embedded server, as one wasm binary.
//!
//! `npm run test:browser` runs it in every engine. Tests with `anywhere` in their names also run in
//! dedicated and shared workers.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod messages;
mod support;
