package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Each function here checks one kind of value and returns what is wrong with it, in words that follow `NAME: "value" `.
// What they let through can be written after `key = ` in an AWS config file and is read back unchanged by every SDK:
// no line break, no bracket, no control character, no comment sign, no blank at either end.

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"

	// sessionNameChars is what STS takes in a role session name and a role's name: [\w+=,.@-] (STS API reference, AssumeRole).
	sessionNameChars = letters + digits + "_+=,.@-"
)

// only reports whether s has no byte outside allowed.
func only(s, allowed string) bool { return indexOutside(s, allowed) < 0 }

func indexOutside(s, allowed string) int {
	for i := range len(s) {
		if strings.IndexByte(allowed, s[i]) < 0 {
			return i
		}
	}
	return -1
}

// partitions in which roles live. aws-iso stands for the isolated ones as a family (aws-iso, aws-iso-b, -e, -f).
func validPartition(p string) bool {
	switch p {
	case "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso":
		return true
	}
	suffix, found := strings.CutPrefix(p, "aws-iso-")
	return found && suffix != "" && only(suffix, "abcdefghijklmnopqrstuvwxyz")
}

// roleARN checks the ARN of an IAM role, strictly: arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME.
func roleARN(value string) (problem, hint string) {
	hint = "write it as arn:aws:iam::111122223333:role/name"
	a, err := arn.Parse(value)
	if err != nil {
		return "is not an ARN", hint
	}
	name, isRole := strings.CutPrefix(a.Resource, "role/")
	switch {
	case !validPartition(a.Partition):
		return fmt.Sprintf("is in no known partition (%q)", a.Partition), "aws, aws-cn, aws-us-gov, aws-eusc or aws-iso…"
	case a.Service == "sts" && strings.HasPrefix(a.Resource, "assumed-role/"):
		role, _, _ := strings.Cut(strings.TrimPrefix(a.Resource, "assumed-role/"), "/")
		return "is a session, not a role", fmt.Sprintf("the role's own ARN is arn:%s:iam::%s:role/%s, with its path if it has one", a.Partition, a.AccountID, role)
	case a.Service != "iam" || a.Region != "" || !isRole:
		return "is not the ARN of an IAM role", hint
	case len(a.AccountID) != 12 || !only(a.AccountID, digits):
		return fmt.Sprintf("has no 12-digit account (%q)", a.AccountID), hint
	case len(value) > 2048: // STS API reference, RoleArn
		return "is longer than 2048 characters", hint
	}
	path, last := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		path, last = name[:i+1], name[i+1:]
	}
	switch {
	case last == "" || len(last) > 64 || !only(last, sessionNameChars):
		return fmt.Sprintf("has no valid role name (%q)", last), "1 to 64 letters, digits and _+=,.@-"
	case len(path) > 510 || strings.Contains("/"+path, "//") || !only(path, sessionNameChars+"/:"):
		return fmt.Sprintf("has no valid role path (%q)", path), "letters, digits and _+=,.@-: between slashes"
	}
	return "", ""
}

// Partition returns the partition of an ARN; "" of what is none.
func Partition(text string) string {
	a, _ := arn.Parse(text)
	return a.Partition
}

// Account returns the account of an ARN; "" of one that has none.
func Account(text string) string {
	a, _ := arn.Parse(text)
	return a.AccountID
}

// inPartition reports whether a region can be in a partition, by the beginnings that AWS gives its regions' names. The isolated
// partitions have several, all with "iso" in the second word.
func inPartition(region, partition string) bool {
	words := strings.Split(region, "-")
	switch {
	case words[0] == "cn":
		return partition == "aws-cn"
	case words[0] == "eusc":
		return partition == "aws-eusc"
	case words[1] == "gov":
		return partition == "aws-us-gov"
	case strings.HasPrefix(words[1], "iso"):
		return strings.HasPrefix(partition, "aws-iso")
	}
	return partition == "aws"
}

// region checks the form of an AWS region: us-east-1, us-gov-west-1, eusc-de-east-1.
func region(value string) (problem, hint string) {
	words := strings.Split(value, "-")
	number := words[len(words)-1]
	hint = "for example us-east-1"
	if len(words) < 3 || len(value) > 64 {
		return "is not a region", hint
	}
	for _, w := range words[:len(words)-1] {
		if w == "" || !only(w, "abcdefghijklmnopqrstuvwxyz") {
			return "is not a region", hint
		}
	}
	if number != "" && only(number[:len(number)-1], digits) && len(number) > 1 && strings.Contains("abcdefghijklmnopqrstuvwxyz", number[len(number)-1:]) {
		return "is an availability zone, not a region", "the region is " + value[:len(value)-1]
	}
	if number == "" || !only(number, digits) {
		return "is not a region", hint
	}
	return "", ""
}

// profileName checks a name that becomes [profile NAME].
func profileName(value string) (problem, hint string) {
	switch {
	case value == "default":
		return "is the client role's own profile", "choose another name"
	case value == "" || len(value) > 64 || !only(value, letters+digits+"_.@+-"):
		return "is not a profile name", "1 to 64 letters, digits and _.@+-"
	}
	return "", ""
}

// filePath checks a path that is written into an AWS config file.
func filePath(value string) (problem, hint string) {
	switch {
	case !strings.HasPrefix(value, "/"):
		return "is not an absolute path", "write it from the root on, as it is in the container"
	case !only(value, letters+digits+"/_.+=,@:~- "), strings.HasSuffix(value, " "):
		return "has characters that an AWS config file cannot carry safely", "letters, digits and /_.+=,@:~-"
	}
	return "", ""
}

// externalID checks an external id ([\w+=,.@:\/-]{2,1224}, STS API reference, AssumeRole).
func externalID(value string) (problem, hint string) {
	if len(value) < 2 || len(value) > 1224 || !only(value, sessionNameChars+":/") {
		return "is not an external id", "2 to 1224 letters, digits and _+=,.@:/-"
	}
	return "", ""
}

// list splits a comma separated value; blanks around an item are not part of it.
func list(value string) ([]string, error) {
	items := strings.Split(value, ",")
	for i := range items {
		if items[i] = strings.Trim(items[i], " "); items[i] == "" {
			return nil, errors.New("has an empty item")
		}
	}
	return items, nil
}
