"""Runs clauses: one case at a time, in workers that can be killed, and puts what came out into a certificate."""
