"""What the demo has beside a gateway so that every channel can be tried: a mail server that keeps what is
sent, partners that answer, a visitor who writes and faxes. All on loopback; nothing of it without the demo.
"""
