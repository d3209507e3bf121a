"""HTTP and WebSocket mount operations: tables of paths and ops, and the way from bytes to an answer."""
