// Package directions holds no code but a test: it keeps the imports of the module
// pointing one way. Pure rules know no I/O, adapters know one SDK and never each
// other, steps know pure rules only, and no program that runs in the cloud contains
// the local stand.
//
// It exists because such rules, once broken by a hurried import, are seldom mended.
package directions
