package handover

import "rolechain/internal/settings"

// Chained returns the refresher's directory when the environment is that of a job with a refresher already, as for a job
// that calls the entrypoint again: what EKS injected is gone, and the variables that the first start has set are the
// refresher's own: its endpoint, on a port that no pod can name beforehand, or its id. What a pod may have in its own
// environment, such as the path of the credentials file, is no proof, nor is what a predecessor has left.
func Chained(s settings.Settings) (run string, chained bool) {
	if !s.Refreshed() {
		return "", false
	}
	for _, run := range RunDirectories(s.Locations) {
		d, err := ReadDiscovery(run)
		if err == nil && d.leads(s) && !Dead(run) {
			return run, true
		}
	}
	return "", false
}

// leads reports whether the variables of s are those that d's refresher has given to its job. Equal variables alone are no proof: a pod may have them in its own environment, and a
// container that is started again finds the files of its predecessor.
func (d Discovery) leads(s settings.Settings) bool {
	if s.Delivery == settings.Endpoint {
		return d.URL+CredentialsPath == s.Locations.ContainerURI
	}
	return d.ID != "" && d.ID == s.Locations.Refresher
}
