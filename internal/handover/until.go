package handover

import (
	"flag"
	"strconv"
	"time"
)

// UntilFlag is the name of the flag by which the entrypoint says how long the other program may try to get a session: until
// a point in time and not for a duration, because it kills the program soon after that, however long its start took.
const UntilFlag = "until"

// Until is the value of that flag, which UntilVar reads.
func Until(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// UntilVar makes flags set d to what is left of that time; d is untouched without the flag.
func UntilVar(flags *flag.FlagSet, d *time.Duration) {
	flags.Func(UntilFlag, "", func(value string) error {
		ms, err := strconv.ParseInt(value, 10, 64)
		*d = time.Until(time.UnixMilli(ms))
		return err
	})
}
