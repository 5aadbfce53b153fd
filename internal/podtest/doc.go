// Package podtest makes a pod for end-to-end suites: namespaces of its own, in which the names of AWS lead to stand-ins on
// the loopback interface, with certificates of an authority that everything in the pod trusts. SDKs are not told any
// endpoint: they go where they go in a real pod. It takes root.
package podtest
