"""What the venue can be asked, free of transport: parameters → command → result or `VenueError`."""
