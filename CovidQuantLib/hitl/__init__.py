"""The human-in-the-loop cycle: the pool of readings, the edit log, the rounds of training, the simulated reader."""
