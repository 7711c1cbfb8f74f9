// Package mailtext writes the e-mails that report how a mission ended, and those
// with a code for a new password. It is pure: the same facts always give the
// same mail. Each reader gets it in their own language, Korean or English, as
// text and as HTML.
//
// A mission's title and a user's name are untrusted. They are quoted in one
// line without control characters, so that a title can't forge a header, a
// paragraph or a tag.
package mailtext
