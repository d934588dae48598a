"""The faces of the kernel: one module for each of its parts, with its pages and addresses."""
