"""Adapters, one package a marketplace; each is found by its entry point and sees only sdk and kernel."""
