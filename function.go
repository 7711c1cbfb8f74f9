// Package missionpot is what the Go buildpack of Cloud Run functions takes for
// the source of every function: it must lie at the root of the module and
// register them when it is imported. They live in functions/.
package missionpot

import _ "example.com/missionpot/functions"
