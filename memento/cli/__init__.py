"""The command line: a thin layer over `memento.workspace.Workspace`."""
