"""How OKX shows each neutral kind of trouble: one function for each case, tied to its row of the register.

A case that needs a switch sets it itself, so that it shows the same trouble in every profile that has the case; one
for `either` position of a switch shows each profile's own, or is off in both and shown all the same.
"""
