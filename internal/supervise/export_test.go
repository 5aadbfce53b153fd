package supervise

// For the tests that are outside the package.
const MaxLine = maxLine
