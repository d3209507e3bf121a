"""WebSocket: three endpoints with channels, a login, acknowledgements for each channel, and pings in plain text."""
