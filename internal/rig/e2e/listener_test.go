package e2e_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"example.com/missionpot/internal/rig/stand"
)

// listenersThroughProxy counts the listeners that a program opens at Firestore. It is a proxy
// between the two and reads the path of each gRPC call.
func listenersThroughProxy(t *testing.T, server string) (host string, opened *atomic.Int64) {
	t.Helper()
	var plain http.Protocols
	plain.SetUnencryptedHTTP2(true) // as gRPC speaks to an emulator
	opened = &atomic.Int64{}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: server})
			if strings.HasSuffix(r.In.URL.Path, ".Firestore/Listen") {
				opened.Add(1)
			}
		},
		Transport:     &http.Transport{Protocols: &plain},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // errors of streams that the end of the test cuts off
	}
	between := httptest.NewUnstartedServer(forward)
	between.Config.Protocols = &plain
	between.Start()
	t.Cleanup(between.CloseClientConnections) // streams never end by themselves
	return between.Listener.Addr().String(), opened
}

// More watchers than the 100 streams that one connection to Firestore carries
// follow a mission through one listener of the instance.
func TestRule21WatchersOfAMissionShareOneListener(t *testing.T) {
	t.Parallel()
	var opened *atomic.Int64
	s := ownSystem(t, func(c *stand.SystemConfig) {
		var host string
		host, opened = listenersThroughProxy(t, c.FirestoreHost)
		c.APIEnv = append(c.APIEnv, stand.EnvFirestoreHost+"="+host)
	})
	creator, streamer := s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	m := creator.ask(t, streamer, 1000)
	var watchers []*stream
	for range 150 {
		w := s.watch(t, "/v1/missions/"+m.ID+"/events", "1")
		w.until(t, "accepted")
		watchers = append(watchers, w)
	}
	streamer.judge(t, m.ID, "success")
	for _, w := range watchers {
		w.until(t, "settled")
	}
	if got := opened.Load(); got != 1 {
		t.Errorf("%d watchers of one mission opened %d listeners, want one", len(watchers), got)
	}
}
