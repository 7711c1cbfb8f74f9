// Package checkbooks is the step that checks the books: all rules, on both
// databases and the bet log. When a rule is broken it puts the service in
// exit-only mode. It repairs nothing and moves no cash.
//
// It is the one step that reads both databases; docs/decisions gives the reason.
package checkbooks
