"""Webhooks: taking them in, and what is done about each."""
