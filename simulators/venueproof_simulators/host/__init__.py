"""Sockets and time around a venue: servers, message rules, latency, TLS, proxy, journal."""
