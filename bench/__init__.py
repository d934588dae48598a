"""Benchmarks: `./anlan bench` lists them, `./anlan bench NAME` runs one. A file here is a benchmark if it has BENCHMARK."""
