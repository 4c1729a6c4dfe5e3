"""Etsy's payloads to the hub's records and back, pure: keys, listings with their numbers, orders."""
