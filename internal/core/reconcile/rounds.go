package reconcile

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"
)

// missionsRound checks missions in the order of their ids, from after one on,
// and returns the last one: zero at the end of the round.
func (k *check) missionsRound(ctx context.Context, after uuid.UUID) (uuid.UUID, error) {
	for begin := k.report.Read.Missions; k.Whole || k.report.Read.Missions-begin < maxMissions && !k.outOfTime(ctx); {
		page, more, err := k.nextMissions(ctx, after)
		if err != nil || len(page) == 0 {
			return uuid.Nil, err
		}
		if err := k.checkMissions(ctx, page); err != nil {
			return uuid.Nil, err
		}
		if !more {
			return uuid.Nil, nil
		}
		after = page[len(page)-1]
	}
	return after, nil
}

// nextMissions merges the next ids of both sides, so that a mission that only
// one of them has is checked too.
func (k *check) nextMissions(ctx context.Context, after uuid.UUID) (page []uuid.UUID, more bool, err error) {
	ofMissions, err := k.missions.MissionIDs(ctx, after, missionsPage)
	if err != nil {
		return nil, false, err
	}
	ofLedger, err := k.ledger.MissionIDs(ctx, after, missionsPage)
	if err != nil {
		return nil, false, err
	}
	page = slices.Concat(ofMissions, ofLedger)
	slices.SortFunc(page, compareIDs)
	page = slices.Compact(page)
	// After the last id of a full page that side may have more ids in between.
	for _, ids := range [][]uuid.UUID{ofMissions, ofLedger} {
		if len(ids) < missionsPage {
			continue
		}
		more = true
		last := ids[len(ids)-1]
		page = slices.DeleteFunc(page, func(id uuid.UUID) bool { return compareIDs(id, last) > 0 })
	}
	return page, more, nil
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// checkMissions checks missions on both sides.
func (k *check) checkMissions(ctx context.Context, ids []uuid.UUID) error {
	escrows, err := k.ledger.Escrows(ctx, ids)
	if err != nil {
		return err
	}
	missions, err := k.missions.Missions(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		var escrow *Escrow
		if e, ok := escrows[id]; ok {
			escrow = &e
			k.report.add(checkEscrow(e, k.moment)...)
		}
		var shown *Mission
		if m, ok := missions[id]; ok {
			shown = &m
		}
		k.report.add(checkMission(id, shown, escrow, k.moment)...)
	}
	k.report.Read.Missions += len(ids)
	return nil
}

// walletsRound is like missionsRound, for wallets.
func (k *check) walletsRound(ctx context.Context, after uuid.UUID) (uuid.UUID, error) {
	for k.Whole || k.report.Read.Wallets < maxWallets && !k.outOfTime(ctx) {
		last, wallets, found, err := k.ledger.Wallets(ctx, after, walletsPage)
		if err != nil {
			return uuid.Nil, err
		}
		k.report.Read.Wallets += wallets
		k.report.add(found...)
		if wallets < walletsPage {
			return uuid.Nil, nil
		}
		after = last
	}
	return after, nil
}
