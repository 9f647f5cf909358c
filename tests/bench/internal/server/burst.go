package server

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
)

// burst is one that is under way.
type burst struct {
	Burst
	piece  []byte
	until  time.Time
	sent   atomic.Int64
	taken  *gauge.Tally // rises from burst to burst
	window int64        // how much more may be sent than was taken
}

// write writes to some of the connections, in turn.
func (b *burst) write(to []net.Conn) error {
	ctx, cancel := context.WithDeadline(context.Background(), b.until.Add(time.Minute))
	defer cancel()
	for len(to) > 0 && time.Now().Before(b.until) {
		for _, conn := range to {
			if _, err := conn.Write(b.piece); err != nil {
				return fmt.Errorf("a connection was lost: %w", err)
			}
			least := b.sent.Add(int64(b.Batch)) - b.window
			if b.taken.Now() >= least {
				continue
			}
			if err := b.taken.Await(ctx, least); err != nil {
				return fmt.Errorf("too little was taken: %w", err)
			}
		}
	}
	return nil
}
