"""How Deribit spells things: JSON numbers for prices and amounts, integers for ms, strings for ids and names."""
