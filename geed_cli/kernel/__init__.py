"""Sums over maps in C (map_sums.c), built at installation where a C compiler is found; without it torch makes them."""
