"""One table of methods, mounted over HTTP and WebSocket.

methods    which method asks for what, and who must prove what      envelope   a JSON-RPC request, read
calls      from a request to its answer                             gateway, frames   the two ways in
"""
