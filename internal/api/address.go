package api

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress is who calls, as far as anybody we trust can tell. Proxies of
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

func withAddress(ctx context.Context, address netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey, address)
}

// addressOf is the client's address that outer has found.
func addressOf(ctx context.Context) netip.Addr {
	address, _ := ctx.Value(addressKey).(netip.Addr)
	return address
}
