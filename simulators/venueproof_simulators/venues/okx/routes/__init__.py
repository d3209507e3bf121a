"""HTTP and WebSocket mount operations: `table` and `methods` say what asks for what, `gateway` and `frames` take a
request or a frame there and back.
"""
