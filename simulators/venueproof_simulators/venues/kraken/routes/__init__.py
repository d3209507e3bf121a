"""Which path asks for what, who must prove what, and how answers and refusals are wrapped."""
