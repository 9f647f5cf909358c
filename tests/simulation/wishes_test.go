package simulation

import (
	"context"
	"math/rand/v2"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// The users of a town join, leave and switch, whatever the network does.

// joins is the wish to be in a room.
func (t *town) joins(i int, spec messages.RoomSpec) {
	t.registers[i].want(true, spec.ID)
	t.wish(i, "join "+string(spec.ID), func(ctx context.Context) error {
		_, err := t.handles[i].Join(ctx, spec)
		return err
	})
}

func (t *town) leaves(i int, spec messages.RoomSpec) {
	t.registers[i].want(false, spec.ID)
	t.wish(i, "leave "+string(spec.ID), func(ctx context.Context) error { return t.handles[i].Leave(ctx, spec.ID) })
}

// wish tells a channel what its user wants. It is taken at once, whatever the
// connection does.
func (t *town) wish(i int, what string, do func(context.Context) error) {
	asked := time.Now()
	l := t.ledgers[i]
	t.tell(i, "user: %s", what)
	if err := do(context.Background()); err != nil {
		t.t.Errorf("seed %d, %s: %s: %v", t.seed, l.id, what, err)
	}
	if took := time.Since(asked); took > 0 {
		t.t.Errorf("seed %d, %s: %s was answered after %s", t.seed, l.id, what, took)
	}
}

// bounces leaves and joins in one breath.
func (t *town) bounces(i int, spec messages.RoomSpec) {
	t.leaves(i, spec)
	t.joins(i, spec)
	synctest.Wait()
	t.registers[i].wantedStill(spec.ID)
}

// change is one change of a user's mind.
func (t *town) change(i int, random *rand.Rand) {
	r := t.registers[i]
	spec, other := t.specs[i][random.IntN(len(apart))], t.specs[i][random.IntN(len(apart))]
	roll := random.IntN(20)
	switch {
	case !r.wants(spec.ID):
		t.happened("user joins")
		if r.ended(spec.ID) && roll < 10 {
			t.bounces(i, spec)
		} else {
			t.joins(i, spec)
		}
	case roll < 6:
		t.happened("user leaves")
		t.leaves(i, spec)
	case roll < 9:
		t.happened("user leaves and joins")
		t.bounces(i, spec)
	case roll < 11:
		t.happened("user joins, leaves and joins")
		t.joins(i, spec)
		t.bounces(i, spec)
	case roll < 14 && !r.wants(other.ID):
		t.happened("user switches")
		r.want(false, spec.ID)
		r.want(true, other.ID)
		t.wish(i, "switch from "+string(spec.ID)+" to "+string(other.ID), func(ctx context.Context) error {
			_, err := t.handles[i].Switch(ctx, spec.ID, other)
			return err
		})
	case roll == 19 && random.IntN(4) == 0:
		t.happened("user leaves all")
		for _, spec := range t.specs[i] {
			r.want(false, spec.ID)
		}
		t.wish(i, "leave all", t.handles[i].LeaveAll)
		for _, spec := range t.specs[i] {
			if random.IntN(2) == 0 {
				t.joins(i, spec)
				synctest.Wait()
				r.wantedStill(spec.ID)
			}
		}
	default:
		t.happened("user joins again")
		t.joins(i, spec)
	}
}

// resolve makes up every user's mind about what has ended.
func (t *town) resolve(random *rand.Rand) {
	for i, specs := range t.specs {
		for _, spec := range specs {
			if t.registers[i].ended(spec.ID) && random.IntN(2) == 0 {
				t.bounces(i, spec)
			}
		}
	}
}
