"""Rows of instruments in a venue's units, as the engine's integers."""

from __future__ import annotations

import msgspec

from venueproof_simulators.engine.instruments import ContractKind, OptionTerms
from venueproof_simulators.host.facts import InstrumentRow

USUAL = """
underlying = "BTC"
base = "BTC"
quote = "USD"
settle = "BTC"
product = "any"
tick = "0.0001"
amount_step = "0.1"
amount_min = "0.1"
amount_max = "1000"
market_amount_max = "1000"
price_min = "0.0001"
price_max = "10"
maker_fee = "-0.0001"
taker_fee = "0.0003"
leverage_max = "33.25"
leverage_start = 10
maintenance = "0.01"
funding_interval_s = 3600
funding_rate = "0.0001"
open_orders_max = 10
conditionals_max = 10
callback_min = "0.001"
callback_max = "0.1"
source = "none"
"""


def row(more: str) -> InstrumentRow:
    return msgspec.toml.decode(USUAL + more, type=InstrumentRow)


def test_a_row_may_be_an_option() -> None:
    told = row(
        'name = "C"\nsymbol = "C"\nkind = "option"\nexpiry = 2026-12-25T08:00:00Z\nstrike = "65000.5"\ncall = false\n'
        'fee_underlying = true\nfee_cap = "0.125"\ndelivery_fee = "0.00015"\n'
    ).instrument()
    assert (told.kind, told.expiry_ns) == (ContractKind.OPTION, 1_798_185_600 * 10**9)
    assert told.option == OptionTerms(msgspec.convert("65000.5", type(told.tick)), call=False)
    assert (told.fee_underlying, told.fee_cap_ppm, told.delivery_fee_ppm) == (True, 125_000, 150)


def test_a_row_may_have_fractions_of_leverage_and_any_interval_of_funding() -> None:
    told = row('name = "P"\nsymbol = "P"\nkind = "inverse"\nfunding_continuous = true\n').instrument()
    assert (told.leverage_max_centi, told.leverage_start_centi) == (3_325, 1_000)
    assert (told.funding_interval_ns, told.funding_continuous) == (3600 * 10**9, True)
    assert (told.maker_fee_ppm, told.expiry_ns, told.option) == (-100, 0, None)
