package chaos

import (
	"fmt"
	"strings"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is the way from one program to one server, through a proxy that can be told to
// cut it, to slow it down or to let little through.
//
// When it is mended, connections are broken and a new proxy takes the old one's
// place. Taking a toxic away from connections that end at that moment can leave
// Toxiproxy 2.5 locked for good: a run was lost to that. What was swallowed could not
// be delivered later anyway, since TCP leaves no gap.
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

// address is where the program finds the server: host:port.
func (l *link) address() string { return l.listen }

// close breaks every connection and takes no new one.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
}

// renew breaks every connection and leaves nothing in the way of new ones.
func (l *link) renew() error {
	l.close()
	return l.open()
}

// cut breaks every connection and takes no new one, until it is mended.
func (l *link) cut() (mend func() error) {
	l.close()
	return l.renew
}

// delay makes every answer late by so many milliseconds, give or take as many.
func (l *link) delay(milliseconds int) (mend func() error, err error) {
	return l.toxic(fmt.Sprintf(`{"name": "delay", "type": "latency", "stream": "downstream", "attributes": {"latency": %d, "jitter": %[1]d}}`, milliseconds))
}

// throttle lets so many kilobytes a second through.
func (l *link) throttle(kilobytes int) (mend func() error, err error) {
	return l.toxic(fmt.Sprintf(`{"name": "throttle", "type": "bandwidth", "stream": "upstream", "attributes": {"rate": %d}}`, kilobytes))
}

// swallow takes what the program sends and answers nothing, with the connections left
// open: the program can only wait.
func (l *link) swallow() (mend func() error, err error) {
	return l.toxic(`{"name": "swallow", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`)
}

func (l *link) toxic(description string) (mend func() error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(description)); err != nil {
		return nil, fmt.Errorf("%s: add %s: %w", l.name, description, err)
	}
	return l.renew, nil
}
