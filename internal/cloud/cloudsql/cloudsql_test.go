package cloudsql

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/cloudsqlconn"
)

func TestAnInstanceWithoutANameIsReachedByItsAddress(t *testing.T) {
	t.Parallel()
	dialer, err := Open(t.Context(), "", "")
	if err != nil {
		t.Fatalf("opened nothing: %v", err)
	}
	if dialer.To("") != nil {
		t.Error("got a dialer for an instance without a name, want none")
	}
	if err := dialer.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// The connector asks the Admin API for the instance by its name, whatever address the driver
// passes, and a refusal ends the attempt.
func TestAnInstanceIsReachedByItsName(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.Path)
		http.Error(w, `{"error":{"code":403,"message":"no"}}`, http.StatusForbidden)
	}))
	t.Cleanup(admin.Close)
	somebody := auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: anyToken{}})
	dialer, err := connect(t.Context(), cloudsqlconn.WithIAMAuthNCredentials(somebody, somebody),
		cloudsqlconn.WithAdminAPIEndpoint(admin.URL), cloudsqlconn.WithHTTPClient(admin.Client()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dialer.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := dialer.To("p:r:users")(ctx, "tcp", "127.0.0.1:5432"); err == nil {
		t.Fatal("connected without permission")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) == 0 {
		t.Fatal("the Admin API was not asked")
	}
	for _, path := range asked {
		if !strings.Contains(path, "/projects/p/instances/users") && !strings.Contains(path, "/p/locations/r/") {
			t.Errorf("asked for %s, want the instance users of project p", path)
		}
	}
}

type anyToken struct{}

func (anyToken) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: "t", Expiry: time.Now().Add(time.Hour)}, nil
}
