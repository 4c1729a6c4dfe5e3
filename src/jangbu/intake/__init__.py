"""Inbound: webhook deliveries, polling, watermarks. One corridor for all news; knows nothing of publication."""
