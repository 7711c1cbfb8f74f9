package account

import "strings"

// Common and CommonPasswords let the tests try the list line by line.
var Common = common

func CommonPasswords() []string { return strings.Fields(commonPasswords) }
