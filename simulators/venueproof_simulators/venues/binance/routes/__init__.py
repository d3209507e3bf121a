"""HTTP mounts operations: `table` says which path asks for what, `gateway` takes a request there and back."""
