package main

// regressions are seeds that have found a fault of the programs. They run first, always.
var regressions = []uint64{}
