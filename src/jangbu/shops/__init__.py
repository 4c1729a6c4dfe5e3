"""Connections to the marketplaces: shops, sealed credentials, health, pause switches, leases."""
