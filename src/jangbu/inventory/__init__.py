"""The stock ledger: immutable, balanced moves and the balances they add up to."""
