package deadletter

import (
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// An operator's id leads to a document of the collection of dead letters, and
// two ids never to the same one. No call is made.
func FuzzLetterID(f *testing.F) {
	nobody, err := grpc.NewClient("127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		f.Fatal(err)
	}
	client, err := firestore.NewClient(f.Context(), "p", option.WithGRPCConn(nobody))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = client.Close() })
	s := &Store{client: client}
	for _, seed := range []string{"holdbets-7", "unknown-", "../boards/x", "a/b", "a%2Fb", "..", ".", "__x__", "", "\x00", "키"} {
		f.Add(seed, seed+"x")
	}
	f.Add("a/b", "a%2Fb")
	f.Fuzz(func(t *testing.T, one, other string) {
		doc := s.letter(one)
		if doc == nil {
			return // the client itself refuses it
		}
		if doc.Parent == nil || doc.Parent.ID != collection || strings.Contains(doc.ID, "/") {
			t.Fatalf("%q leads to %s, want a document of %s", one, doc.Path, collection)
		}
		if second := s.letter(other); one != other && second != nil && second.Path == doc.Path {
			t.Errorf("%q and %q both lead to %s", one, other, doc.Path)
		}
	})
}
