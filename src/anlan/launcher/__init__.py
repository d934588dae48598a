"""Sets a machine up, keeps one node's processes running, and holds the operator's commands; knows no Django."""
