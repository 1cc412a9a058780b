//! The demo page of sluicegate.
