// Package mailbox stands in for SendGrid: it takes mail over SendGrid's v3 API, refuses what
// SendGrid would refuse, and shows the rest instead of sending it.
//
// It exists so that a person can read the mails of a local stand and a test can check them,
// although nothing leaves the machine.
package mailbox
