"""A trained scorer at the service of an agent: JSON-RPC over a pipe, as Signet's sidecar has it."""
