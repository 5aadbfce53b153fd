// Package handover holds what the two programs, and their processes, agree on: where the refresher's files are and how they
// are called, the paths of its endpoint, what it tells the start when it serves, and how a job is told that has a role
// chain already.
package handover

// The files in the refresher's directory.
const (
	DiscoveryName = "endpoint.json" // how to reach the refresher, and how to do without it: a Discovery
	TokenName     = "token"         // the authorization token alone, for SDKs
)

// The paths of the refresher's endpoint.
const (
	CredentialsPath = "/credentials" // the client role's session
	BasePath        = "/base"        // the first hop's own session
	StatusPath      = "/status"      // how the refresher stands
	profilesPath    = "/profiles/"
)

// ProfilePath returns the path of another role's session. A profile's name has nothing in it that a path would have to
// escape (package settings).
func ProfilePath(name string) string { return profilesPath + name }

// Ready is what the refresher tells the start when it serves.
type Ready struct {
	URI   string `json:"uri,omitempty"`   // for AWS_CONTAINER_CREDENTIALS_FULL_URI; "" in file delivery
	Token string `json:"token,omitempty"` // for AWS_CONTAINER_AUTHORIZATION_TOKEN, the same as in its file
	ID    string `json:"id,omitempty"`    // for ROLE_CHAIN_REFRESHER, the discovery file's; "" in endpoint delivery
}
