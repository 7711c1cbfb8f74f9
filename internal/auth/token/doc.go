// Package token makes and verifies the two tokens of a sign-in.
//
// The access token is a JWT signed with Ed25519. It is valid for 15 minutes and is verified without a database, so
// it can't be revoked; that is why its time is short. It carries the roles its user had when it was made; whatever
// needs a role must look it up again (docs/operating/operators.md). The refresh token is 256 random bits with no meaning.
// The database stores its hash, and each use replaces the token.
//
// Keys are rotated without downtime: the set's first key signs, all keys verify and are published.
// Add the new key at the end, wait until every instance has it, move it to the front, and remove
// the old one when its last token has expired.
package token
