"""Currencies as public/get_currencies lists them: `facts/currencies.toml`."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.host.facts import read_facts
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.deribit.wire.numbers import num


class Currency(Struct, frozen=True, forbid_unknown_fields=True):
    """One currency, and how much of it a new account has."""

    currency: str
    currency_long: str
    coin_type: str
    min_confirmations: int
    fee_precision: int
    decimals: int
    withdrawal_fee: Decimal
    money: Decimal
    source: str


class _Currencies(Struct, frozen=True, forbid_unknown_fields=True):
    currency: list[Currency]


def load_currencies(package: str) -> list[Currency]:
    """The currencies of a venue's package. Raises `FactsError`."""
    return read_facts(package, "currencies", _Currencies).currency


def currency_document(one: Currency) -> Document:
    """One row of the list."""
    fee = num(one.withdrawal_fee)
    return {
        "currency": one.currency,
        "currency_long": one.currency_long,
        "coin_type": one.coin_type,
        "withdrawal_fee": fee,
        "min_withdrawal_fee": fee,
        "min_confirmations": one.min_confirmations,
        "fee_precision": one.fee_precision,
        "decimals": one.decimals,
        "network_currency": "ETH" if one.coin_type == "ERC20" else one.currency,
        "network_fee": fee,
        "withdrawal_priorities": [],
        "in_cross_collateral_pool": one.currency != "SOL",
    }
