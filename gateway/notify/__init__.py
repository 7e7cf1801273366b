"""Outgoing mail, faxes, messages and webhooks: the outbox and its senders."""
