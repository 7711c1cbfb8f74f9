// Package deploy holds the release against the code: cloudbuild.yaml is what Cloud Build
// accepts, its scripts do what they say, and the zip it makes is enough for Google's Go
// buildpack to start every function by its name. A mistake there would otherwise show
// only in the middle of a release.
//
// It has tests only.
package deploy
