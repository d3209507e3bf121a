"""`python -m venueproof` is the command `venueproof`."""

from __future__ import annotations

from venueproof.cli import main

main()
