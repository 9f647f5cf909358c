package stage

import (
	"context"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
)

const (
	// warming is how many channels are open before the first look, so that what a
	// program needs once is not taken for what each channel needs.
	warming = 200
	// settling is how long the goroutines of dials have to go before the second.
	settling = 500 * time.Millisecond
)

// OpenWeighed opens all channels, and notes what each of them takes after they
// have been idle for a time.
func (r *Run) OpenWeighed(ctx context.Context, p peer.Peer, idle time.Duration) error {
	warm := min(warming, r.N/2)
	if err := p.Open(ctx, r.URLs[:warm]); err != nil {
		return err
	}
	if err := pause(ctx, settling); err != nil {
		return err
	}
	before := gauge.Weigh()
	if err := p.Open(ctx, r.URLs[warm:]); err != nil {
		return err
	}
	if err := pause(ctx, max(idle, settling)); err != nil {
		return err
	}
	r.Figures.Grown(before, gauge.Weigh(), r.N-warm)
	return nil
}
