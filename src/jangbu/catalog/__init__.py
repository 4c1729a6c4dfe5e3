"""Variants and SKUs, listings and offers, and the links between them."""
