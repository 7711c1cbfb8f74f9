package edge

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress is who calls, as far as the proxies we trust have seen. Those of
// the platform append to X-Forwarded-For whom they talk to; what stands further
// left was sent by the client, who can write anything. So with a number of
// trusted hops the client is that many places from the right, and without any,
// or with a header that no such proxy has written, it is the connection's other
// end. The address may be invalid, which makes one client of all such callers.
func clientAddress(r *http.Request, trustedHops int) netip.Addr {
	if trustedHops > 0 {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if len(hops) >= trustedHops {
			if address, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-trustedHops])); err == nil {
				return address
			}
		}
	}
	end, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return end.Addr()
}

// client is where a call comes from.
type client struct {
	address netip.Addr
	network string
}

func (e *Edge) clientOf(r *http.Request) client {
	address := clientAddress(r, e.options.TrustedHops)
	return client{address, e.options.Network(address)}
}

func clientIn(ctx context.Context) client {
	c, _ := ctx.Value(clientKey).(client)
	return c
}

// Address is the client's address, which may be invalid.
func Address(ctx context.Context) netip.Addr { return clientIn(ctx).address }

// Network is what the client's address has in common with others that share its
// limits.
func Network(ctx context.Context) string { return clientIn(ctx).network }
