"""WebSocket mounts channels: what is subscribed, and what is sent when.

names      a channel's name → what it means        feeds      one market channel: what it sends on which event
hub        joins them; the engine's events go in, messages come out
account    what an account's channels tell of events
"""
