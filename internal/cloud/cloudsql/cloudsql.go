// Package cloudsql connects to Postgres on Cloud SQL: by the instance's name instead of an address,
// and as the program's own service account instead of with a password. It is the only package that
// uses the connector.
//
// It exists because the alternatives are worse: a password has to be stored and changed, and an
// address is not known before the instance exists. On one machine it is not used: an instance
// without a name is reached by the address in its URL.
package cloudsql

import (
	"context"
	"fmt"
	"net"

	"cloud.google.com/go/cloudsqlconn"
)

// Dialer makes connections to instances. The zero value reaches every instance
// by its address. It is safe for concurrent use.
type Dialer struct{ connector *cloudsqlconn.Dialer }

// Open makes a dialer for instances with these names, PROJECT:REGION:NAME each. It ignores empty
// names, and opens nothing if there is no other. It makes no call.
func Open(ctx context.Context, instances ...string) (*Dialer, error) {
	for _, instance := range instances {
		if instance == "" {
			continue
		}
		return connect(ctx)
	}
	return &Dialer{}, nil
}

func connect(ctx context.Context, more ...cloudsqlconn.Option) (*Dialer, error) {
	options := append([]cloudsqlconn.Option{
		cloudsqlconn.WithIAMAuthN(),
		cloudsqlconn.WithDefaultDialOptions(cloudsqlconn.WithPrivateIP()),
		// An instance of a service has no processor between two requests, so a renewal in the
		// background would be late.
		cloudsqlconn.WithLazyRefresh(),
		// The pools are measured already, and this would need another permission.
		cloudsqlconn.WithBuiltInMetrics(false),
	}, more...)
	connector, err := cloudsqlconn.NewDialer(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("open the connector to Cloud SQL: %w", err)
	}
	return &Dialer{connector}, nil
}

// To returns the function that dials an instance, whatever address the driver passes. For an
// instance without a name it returns nil, which makes pgx use its own dialer.
func (d *Dialer) To(instance string) func(ctx context.Context, network, address string) (net.Conn, error) {
	if instance == "" {
		return nil
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := d.connector.Dial(ctx, instance)
		if err != nil {
			return nil, fmt.Errorf("reach Cloud SQL: %w", err)
		}
		return conn, nil
	}
}

// Close stops the renewal of the connector's certificates. Connections stay open.
func (d *Dialer) Close() error {
	if d.connector == nil {
		return nil
	}
	if err := d.connector.Close(); err != nil {
		return fmt.Errorf("close the connector to Cloud SQL: %w", err)
	}
	return nil
}
