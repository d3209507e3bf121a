"""What both fan-out servers send, and how often when a client says go."""

from __future__ import annotations

MESSAGES = 400
"""Book updates in one round."""
UPDATE = (
    '{"e":"depthUpdate","E":1795521900000,"T":1795521899999,"s":"BTCUSDT","U":1001,"u":1002,"pu":1000,'
    '"b":[["59999.90","1.250"],["59999.80","0.000"],["59999.70","4.000"]],'
    '"a":[["60000.10","0.730"],["60000.20","2.115"],["60000.30","0.000"]]}'
)
