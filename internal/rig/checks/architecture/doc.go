// Package architecture tests which package may import which. The tree shows the flow only if the imports
// follow it.
package architecture
