"""What happens when something is asked for, free of transport: parameters → command → result or error."""
