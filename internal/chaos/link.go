package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is the way from one program to one server, through a proxy that can be told to
// cut it, to slow it down or to let little through.
type link struct {
	name  string
	proxy *toxiproxy.Proxy
}

// openLink starts a proxy in front of a server, host:port.
func openLink(name, server string) (*link, error) {
	quiet := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{name: name, proxy: toxiproxy.NewProxy(quiet, name, "127.0.0.1:0", server)}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("proxy %s: %w", name, err)
	}
	return l, nil
}

// address is where the program finds the server: host:port.
func (l *link) address() string { return l.proxy.Listen }

func (l *link) close() { l.proxy.Stop() }

// cut breaks every connection and takes no new one, until it is mended.
func (l *link) cut() (mend func() error) {
	l.proxy.Stop()
	return l.proxy.Start
}

// delay makes every answer late by so many milliseconds, give or take as many.
func (l *link) delay(milliseconds int) (mend func() error, err error) {
	return l.toxic(fmt.Sprintf(`{"name": "delay", "type": "latency", "stream": "downstream", "attributes": {"latency": %d, "jitter": %[1]d}}`, milliseconds), "delay")
}

// throttle lets so many kilobytes a second through.
func (l *link) throttle(kilobytes int) (mend func() error, err error) {
	return l.toxic(fmt.Sprintf(`{"name": "throttle", "type": "bandwidth", "stream": "upstream", "attributes": {"rate": %d}}`, kilobytes), "throttle")
}

// swallow takes what the program sends and answers nothing, with the connections left
// open: the program can only wait.
//
// What was swallowed never comes, so the connections are broken when it is mended:
// TCP leaves no gap in what it delivers.
func (l *link) swallow() (mend func() error, err error) {
	remove, err := l.toxic(`{"name": "swallow", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`, "swallow")
	if err != nil {
		return nil, err
	}
	return func() error {
		l.proxy.Stop()
		return errors.Join(remove(), l.proxy.Start())
	}, nil
}

func (l *link) toxic(description, name string) (mend func() error, err error) {
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(description)); err != nil {
		return nil, fmt.Errorf("%s: add %s: %w", l.name, name, err)
	}
	return func() error {
		if err := l.proxy.Toxics.RemoveToxic(context.Background(), name); err != nil {
			return fmt.Errorf("%s: remove %s: %w", l.name, name, err)
		}
		return nil
	}, nil
}
