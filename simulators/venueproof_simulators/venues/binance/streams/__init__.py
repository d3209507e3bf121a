"""WebSocket mounts channels: sessions, what they subscribe to, and what is sent when.

names      a stream's name → the channel it means       sessions   a connection and the path it was opened on
control    frames that clients send                     feeds      one channel: what it sends on which event
hub        joins them; the engine's events go in, messages come out
"""
