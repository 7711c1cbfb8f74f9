package text

import (
	"fmt"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"example.com/missionpot/internal/core/fault"
)

// The limits of RFC 5321, 4.5.3.1, as corrected by erratum 1690, in octets.
const (
	maxAddress = 254
	maxLocal   = 64
)

// hosts checks the lengths of RFC 1034, and labels that encode Unicode (RFC 5891).
var hosts = idna.New(idna.VerifyDNSLength(true), idna.ValidateLabels(true), idna.CheckHyphens(false))

// Address returns an e-mail address in the form in which it is stored and compared: no space around
// it, lower case. The error is fault.Invalid on the field.
//
// Strictly, RFC 5321 does not allow lower-casing the part before the @. But no large provider
// distinguishes Kim@ from kim@, and people type both. Addresses with other characters than ASCII
// are refused before that, because some of these characters become ASCII in lower case.
func Address(field, address string) (string, error) {
	address = strings.TrimSpace(address)
	if len(address) > maxAddress {
		return "", fault.Invalid.On(field, fmt.Sprintf("must be at most %d characters long", maxAddress))
	}
	local, domain, _ := strings.Cut(address, "@")
	if !printable(address) || len(local) > maxLocal || !isDomain(domain) {
		return "", malformed(field)
	}
	address = strings.ToLower(address)
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
		return "", malformed(field)
	}
	return address, nil
}

func malformed(field string) error {
	return fault.Invalid.On(field, "must be an e-mail address like name@example.com")
}

// isDomain reports whether mail can be sent there from the public internet: a host under a
// top-level domain, not an IP address.
func isDomain(domain string) bool {
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 || strings.HasSuffix(domain, ".") || strings.Trim(domain[dot+1:], "0123456789") == "" {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if strings.Trim(label, "-") != label || strings.ContainsFunc(label, notInHosts) {
			return false
		}
	}
	_, err := hosts.ToASCII(domain)
	return err == nil
}

// notInHosts are characters that no label of RFC 1123 has.
func notInHosts(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// printable reports whether text is printable ASCII without spaces.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
