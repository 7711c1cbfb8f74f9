package edge

import (
	"strconv"
	"strings"
)

// prefers returns the offer that an Accept header likes best (RFC 9110, 12.5.1),
// the earlier one among equals, or "" if it takes none. Without a header
// everything is accepted.
func prefers(accept []string, offers []string) string {
	ranges := strings.Split(strings.Join(accept, ","), ",")
	if strings.TrimSpace(strings.Join(accept, "")) == "" {
		return offers[0]
	}
	best, bestWeight := "", 0.0
	for _, offer := range offers {
		if weight := weigh(ranges, offer); weight > bestWeight {
			best, bestWeight = offer, weight
		}
	}
	return best
}

// weigh is the weight of the most specific range that covers the offer.
func weigh(ranges []string, offer string) float64 {
	major, _, _ := strings.Cut(offer, "/")
	weight, specific := 0.0, 0
	for _, r := range ranges {
		name, params, _ := strings.Cut(r, ";")
		level := 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case offer:
			level = 3
		case major + "/*":
			level = 2
		case "*/*":
			level = 1
		}
		if level > specific {
			specific, weight = level, quality(params)
		}
	}
	return weight
}

// quality reads the weight out of a range's parameters. One that can't be read
// counts as not given.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
	}
	return 1
}
