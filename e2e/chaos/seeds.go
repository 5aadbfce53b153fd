package main

// regressions are seeds that have found a fault of the programs. They run first, always. What each found has a test of its
// own too, which is faster, where it could be reduced to one.
var regressions = []uint64{
	20,  // a foreign answer of STS was told as one that ended too early
	136, // rolechain status gave up when the worker was killed while it answered
}
