package edge

import (
	"net/http/httptest"
	"testing"
)

func TestTheClientsAddressIsTheOneThatATrustedProxyHasSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hops      int
		forwarded []string
		want      string
	}{
		"nobody in front":               {0, nil, "192.0.2.7"},
		"nobody in front, and a lie":    {0, []string{"203.0.113.1"}, "192.0.2.7"},
		"one hop":                       {1, []string{"198.51.100.1"}, "198.51.100.1"},
		"one hop, and a lie before it":  {1, []string{"203.0.113.1, 198.51.100.1"}, "198.51.100.1"},
		"a lie in a header of its own":  {1, []string{"203.0.113.1", "198.51.100.1"}, "198.51.100.1"},
		"a load balancer":               {2, []string{"198.51.100.1,203.0.113.9"}, "198.51.100.1"},
		"a load balancer, and two lies": {2, []string{"1.2.3.4, 5.6.7.8, 198.51.100.1,203.0.113.9"}, "198.51.100.1"},
		"IPv6":                          {1, []string{"2001:db8::1"}, "2001:db8::1"},
		"fewer than there must be":      {2, []string{"203.0.113.1"}, "192.0.2.7"},
		"none although there must be":   {1, nil, "192.0.2.7"},
		"something that is no address":  {1, []string{"unknown"}, "192.0.2.7"},
		"nothing after the last comma":  {1, []string{"203.0.113.1,"}, "192.0.2.7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "192.0.2.7:5000"
		for _, value := range c.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		if got := clientAddress(r, c.hops); got.String() != c.want {
			t.Errorf("%s: the client is %s, want %s", name, got, c.want)
		}
	}
}
