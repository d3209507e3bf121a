"""Between two vocabularies: contracts speak in decimals and unified symbols, simulators in integers and spellings."""
