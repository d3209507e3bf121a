"""What Binance can be asked, free of transport: parameters → command → result or error.

Every operation is a function of one `Call` and returns what will be printed as JSON; a refusal is a `VenueError`.
"""
