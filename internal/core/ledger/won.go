package ledger

import "strconv"

// Won is an amount of cash in South Korean won. The won has no minor unit, so
// a Won is a whole number and no rounding rule is needed anywhere.
type Won int64

// Limits of the REST contract, in won.
const (
	MinBet Won = 100
	MaxBet Won = 1_000_000
)

// String writes the amount with thousands separators: "1,250,000 won".
func (w Won) String() string {
	digits := strconv.FormatInt(int64(w), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits + " won"
}
