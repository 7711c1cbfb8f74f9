package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// readStatement reads the provider's charges. Without a file it returns none.
func readStatement(file string) (charges []ledger.Charge, err error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file) // #nosec G304 -- named by the person who runs it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	for i, line := range lines {
		c, err := readCharge(line)
		if err != nil {
			return nil, fmt.Errorf("read %s, line %d: %w", file, i+1, err)
		}
		charges = append(charges, c)
	}
	return charges, nil
}

func readCharge(line []string) (ledger.Charge, error) {
	if len(line) != 3 {
		return ledger.Charge{}, errors.New("want charge, user, amount")
	}
	id, err := uuid.Parse(line[0])
	if err != nil {
		return ledger.Charge{}, err
	}
	user, err := uuid.Parse(line[1])
	if err != nil {
		return ledger.Charge{}, err
	}
	amount, err := strconv.ParseInt(line[2], 10, 64)
	if err != nil {
		return ledger.Charge{}, err
	}
	if amount <= 0 {
		return ledger.Charge{}, errors.New("the amount is not positive")
	}
	return ledger.Charge{ID: id, UserID: user, Amount: ledger.Won(amount)}, nil
}
