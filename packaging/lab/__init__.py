"""A whole site on one machine, in namespaces of its own: representative, gate, HMC. Runs in: quickstart, tests."""
