"""What a mail says, whatever shape it is in: bytes to text, files, threads and reasons not to answer.

Nothing here does I/O, waits, or raises on a sender's account; every step has a limit. Used by
channels/email to translate arrivals and by notify to mark what is sent and to recognise its answers.
"""
