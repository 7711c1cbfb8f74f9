// Package release holds the release against the code: cloudbuild.yaml and
// cloudbuild.release.yaml are what Cloud Build accepts, their scripts do what they say and
// run as accounts that may do just that, and the zip is enough for Google's Go buildpack to
// start every function by its name. It also looks for everything that a documented command
// names. A mistake there would otherwise show only in the middle of a release, or of an
// incident.
//
// It has tests only.
package release
