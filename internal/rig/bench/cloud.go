package bench

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// twoMilliseconds is how much longer each round trip to Postgres takes: about the distance between
// Cloud Run and Cloud SQL in one region.
const twoMilliseconds = `{"name": "far", "type": "latency", "stream": "downstream", "attributes": {"latency": 2}}`

// farAway routes an address through a proxy that delays every answer.
func (b *Bench) farAway(dsn string) (string, error) {
	address, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("read a database's address: %w", err)
	}
	registry := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(registry, "postgres", "127.0.0.1:0", address.Host)
	if err := proxy.Start(); err != nil {
		return "", fmt.Errorf("start a proxy: %w", err)
	}
	b.closing(proxy.Stop)
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(twoMilliseconds)); err != nil {
		return "", fmt.Errorf("slow the proxy down: %w", err)
	}
	address.Host = proxy.Listen
	return address.String(), nil
}
