package settings

import "slices"

// The variables by which SDKs find credentials, by kind.
var (
	IRSAVariables    = []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME"}
	KeyVariables     = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIAL_EXPIRATION", "AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY", "AMAZON_SESSION_TOKEN"}
	ProfileVariables = []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}

	// RelativeURI comes before ContainerVariables where an SDK reads both.
	RelativeURI        = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	ContainerVariables = []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
)

// Removed returns the variables that the job does not get, in the environment of the original entrypoint. What the
// delivery sets comes after it.
func (s Settings) Removed() []string {
	switch {
	case s.KeepSources && s.Delivery == Endpoint:
		return []string{RelativeURI} // it comes before the endpoint's own
	case s.KeepSources:
		return nil
	}
	removed := slices.Concat(IRSAVariables, KeyVariables, ProfileVariables, []string{RelativeURI})
	// SDKs do the chain of the other deliveries through Pod Identity's variables themselves.
	if s.FirstHop != PodIdentity || s.Delivery == Endpoint {
		removed = append(removed, ContainerVariables...)
	}
	return removed
}
