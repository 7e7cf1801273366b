"""What makes the prompts' sound: an environment of its own, the voice, the recogniser, the beep.

Nothing here runs during a call, and the service does not import it; `gateway prompts build`
and `gateway prompts listen` do. `speak` and `hear` are programs that run inside the voice
environment; `shape` and `tones` need numpy alone.
"""
