//! A typed WebSocket client for the browser with a `bufferedAmount`-aware send queue.
