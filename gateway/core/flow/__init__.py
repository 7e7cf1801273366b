"""IVR flows: steps, the flow file, its checks, the walk of one caller, simulation. Pure."""
