// Package token makes and verifies the two tokens of a sign-in.
//
// The access token is a JWT signed with Ed25519. It lives for 15 minutes and is
// verified without a look at any database, so it can't be revoked; that is why
// it is short. It carries the roles its user had when it was made; what a role
// opens must look the role up again (docs/operators.md). The refresh token is 256 random bits with no meaning. The
// database keeps its hash, and each use replaces it.
//
// Keys are rotated without a pause: the set's first key signs, all keys verify
// and are published. Add the new key last, wait until every instance has it,
// move it first, and take the old one out when its last token has expired.
package token
