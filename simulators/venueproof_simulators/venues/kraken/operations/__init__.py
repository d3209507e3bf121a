"""What happens when something is asked, free of transport: parameters, then a command, then a document or a refusal."""
