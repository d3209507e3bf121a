"""How this venue shows each neutral kind of trouble; the kinds are explained in the contracts.

`orders` has what befalls orders and what they are refused for, `requests` answers, fills and limits, `streams`
connections, `settings` settings that cannot be changed.
"""
