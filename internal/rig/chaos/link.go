package chaos

import (
	"fmt"
	"strings"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is the connection from one program to one server, through a proxy that can cut, delay or
// throttle it.
//
// A repair breaks all connections and replaces the proxy by a new one. Removing a toxic from
// connections that end at that moment can leave Toxiproxy 2.5 locked for good; a run failed because
// of that. Swallowed bytes could not be delivered later anyway, because TCP allows no gap.
type link struct {
	name, server, listen string
	quiet                *toxiproxy.ApiServer

	mu    sync.Mutex
	proxy *toxiproxy.Proxy
}

// openLink starts a proxy in front of a server, host:port.
func openLink(name, server string) (*link, error) {
	l := &link{
		name: name, server: server, listen: "127.0.0.1:0",
		quiet: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	l.listen = l.proxy.Listen
	return l, nil
}

// open puts a new proxy in place, without toxics.
func (l *link) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	proxy := toxiproxy.NewProxy(l.quiet, l.name, l.listen, l.server)
	if err := proxy.Start(); err != nil {
		return fmt.Errorf("proxy %s: %w", l.name, err)
	}
	l.proxy = proxy
	return nil
}

// address is the server's address for the program: host:port.
func (l *link) address() string { return l.listen }

// close breaks every connection and accepts no new one.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
}

// renew breaks every connection and lets new ones through.
func (l *link) renew() error {
	l.close()
	return l.open()
}

// cut breaks every connection and accepts no new one until the link is repaired.
func (l *link) cut() (repair func() error) {
	l.close()
	return l.renew
}

// delay delays every answer by so many milliseconds, plus or minus as many.
func (l *link) delay(milliseconds int) (repair func() error, err error) {
	return l.toxic(fmt.Sprintf(`{"name": "delay", "type": "latency", "stream": "downstream", "attributes": {"latency": %d, "jitter": %[1]d}}`, milliseconds))
}

// throttle limits the link to so many kilobytes a second.
func (l *link) throttle(kilobytes int) (repair func() error, err error) {
	return l.toxic(fmt.Sprintf(`{"name": "throttle", "type": "bandwidth", "stream": "upstream", "attributes": {"rate": %d}}`, kilobytes))
}

// swallow accepts what the program sends and answers nothing. The connections stay open, so the
// program can only wait.
func (l *link) swallow() (repair func() error, err error) {
	return l.toxic(`{"name": "swallow", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`)
}

func (l *link) toxic(description string) (repair func() error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(description)); err != nil {
		return nil, fmt.Errorf("%s: add %s: %w", l.name, description, err)
	}
	return l.renew, nil
}
