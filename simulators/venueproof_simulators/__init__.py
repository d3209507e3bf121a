"""Exchanges that you can start: wire-faithful simulators of derivatives venues."""
