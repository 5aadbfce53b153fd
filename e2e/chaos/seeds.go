package main

// regressions are seeds that have found a fault of the programs, or would find one that somebody may make again. They run
// first, always. What a seed found has a test of its own too, which is faster, where it could be reduced to one.
var regressions = []uint64{
	423,  // a foreign answer of STS was told as one that ended too early
	606,  // a worker that is killed in an outage, time and again: the next one must have the newest session
	1219, // a worker that is stopped for long must be replaced
}
