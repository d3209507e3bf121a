"""Encodings that REST and streams share: numbers as strings, and the documents made of them."""
