package e2e_test

import (
	"context"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"example.com/missionpot/internal/rig/stand"
)

// proxy is between a program and a server, and can swallow what the program sends.
type proxy struct {
	*toxiproxy.Proxy
}

// swallow is the toxic that accepts what a client sends and answers nothing. The connection stays
// open, so the client can only wait.
const swallow = `{"name": "swallow", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`

// throughProxy starts a proxy in front of a server, host:port.
func throughProxy(t *testing.T, server string) proxy {
	t.Helper()
	metrics := toxiproxy.NewMetricsContainer(nil)
	p := toxiproxy.NewProxy(toxiproxy.NewServer(metrics, zerolog.Nop()), t.Name(), "127.0.0.1:0", server)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return proxy{p}
}

func (p proxy) swallow(t *testing.T) {
	t.Helper()
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(swallow)); err != nil {
		t.Fatal(err)
	}
}

func (p proxy) letThrough(t *testing.T) {
	t.Helper()
	if err := p.Toxics.RemoveToxic(context.Background(), "swallow"); err != nil {
		t.Fatal(err)
	}
}

// pubSubOf returns the environment that routes a program's Pub/Sub through the proxy.
func (p proxy) pubSubOf() string { return stand.EnvPubSubHost + "=" + p.Listen }
