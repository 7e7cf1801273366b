"""How mail gets in: IMAP mailboxes that are watched, and an SMTP/LMTP listener. `MailIn` runs both.

A mail is acknowledged, marked or counted as done only after intake has committed it.
"""
