"""What OKX can be asked, free of transport: parameters → command → rows or error.

Every operation is a function of one `Call` and returns the rows of `data`; a refusal is a `VenueError`. Operations on
orders answer row by row (`answers`), so that one refused order does not take the others with it.
"""
