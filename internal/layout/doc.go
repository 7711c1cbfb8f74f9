// Package layout holds the rule of who may import whom, as a test. The tree
// only shows the flow as long as the imports follow it.
package layout
