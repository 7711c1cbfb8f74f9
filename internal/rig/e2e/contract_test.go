package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"example.com/missionpot/internal/rig/contract"
)

// kept is the document that was read last. The systems of a run serve the same one,
// and reading it takes a while.
var kept struct {
	sync.Mutex
	text     []byte
	contract *contract.Contract
}

// fetchContract reads the OpenAPI document as an API serves it.
func fetchContract(api string) (*contract.Contract, error) {
	resp, err := client.Get(api + "/openapi.json")
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET /openapi.json answers %d, want 200", resp.StatusCode)
	}
	kept.Lock()
	defer kept.Unlock()
	if kept.contract == nil || !bytes.Equal(kept.text, text) {
		read, err := contract.Read(context.Background(), text)
		if err != nil {
			return nil, err
		}
		kept.text, kept.contract = text, read
	}
	return kept.contract, nil
}

// checked is a client whose calls are compared with the contract, both ways.
func (s *fixture) checked(t *testing.T, plain *http.Client) *http.Client {
	compared := *plain
	compared.Transport = s.contract.Transport(plain.Transport, func(err error) { t.Error(err) })
	return &compared
}
