"""Commands of the whole site: demo, serve, worker, tick, doctor, verify."""
