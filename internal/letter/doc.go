// Package letter writes the e-mails that tell how a mission ended, and those with a
// code for a new password, pure: the same facts always give the same letter. Everyone reads it in their own
// language, Korean or English, as text and as HTML.
//
// A mission's title and a person's name are written by strangers. They are
// quoted in one line without control characters, so that a title can't forge a
// header, a paragraph or a tag.
package letter
