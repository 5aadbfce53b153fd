package supervise

// For the tests that are outside the package.
const MaxMessage = maxMessage

func NewState() (fd int, err error) { return newState() }
func OpenState(fd int) *State       { return &State{fd: fd} }
