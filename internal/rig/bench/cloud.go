package bench

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// twoMilliseconds is how much longer each round trip to Postgres takes: about
// what lies between Cloud Run and Cloud SQL in one region.
const twoMilliseconds = `{"name": "far", "type": "latency", "stream": "downstream", "attributes": {"latency": 2}}`

func holdCloud() Experiment {
	clients := []int{8, 16, 32, 64}
	return Experiment{
		Name: "cloud",
		Rows: []Row{{Name: "hold_hot_cloud", What: "1,000 callers when every round trip to Postgres takes 2 ms more", Unit: "bets/s",
			Value: "group commit, 1000 callers", Baseline: naiveNames(clients), Goal: Goal{AtLeast: 60}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			people, missions := newPeople(b.Scale.Users, rich), newIDs(1)
			h, err := openLedgers(ctx, b, people, missions, func(dsn string) (string, error) { return farAway(b, dsn) })
			if err != nil {
				return nil, err
			}
			bets := onAny(people, missions)
			return append(h.plainBest(b, clients, bets), h.grouped(b, 1000, bets)), nil
		},
	}
}

// farAway routes an address through a proxy that delays every answer.
func farAway(b *Bench, dsn string) (string, error) {
	address, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("read a database's address: %w", err)
	}
	registry := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(registry, "postgres", "127.0.0.1:0", address.Host)
	if err := proxy.Start(); err != nil {
		return "", fmt.Errorf("start a proxy: %w", err)
	}
	b.Cleanup(func() error { proxy.Stop(); return nil })
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(twoMilliseconds)); err != nil {
		return "", fmt.Errorf("slow the proxy down: %w", err)
	}
	address.Host = proxy.Listen
	return address.String(), nil
}
