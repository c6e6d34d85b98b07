"""The same screens for tables larger than memory: partitions on disk, tasks over them, on this machine or on a cluster.

The formulas are those of `screens`: every task lays tenders of equally many bids side by side and calls the very
functions. DuckDB reads, partitions, sorts and joins, spilling to the disk; names never pass through Python.
"""
