// Command inbound tells how fast messages of 128 bytes come in, written by the
// server one by one and sixteen at once.
//
//	go run ./inbound -n 1000 -json
package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/server"
	"github.com/seed14814784/holdfast/tests/bench/internal/stage"
)

// batch is how many messages are in one write of the second measurement.
const batch = 16

func main() {
	stage.Main(stage.Question{
		Name: "inbound", N: 1000, For: 2 * time.Second, Measure: measure,
		Metrics: []stage.Metric{
			stage.More("msgs_per_second"), stage.Less("cpu_per_million"), stage.Less("allocs_per_msg"),
			stage.More("batched_msgs_per_second"), stage.Less("batched_cpu_per_million"), stage.Less("batched_allocs_per_msg"),
		},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	received := gauge.NewTally()
	var step atomic.Int64 // how often the server is told
	p, err := r.Peer(peer.Config{Received: func([]byte) {
		if every := step.Load(); received.Add(1)%every == 0 {
			r.Server.Tell("Taken", every)
		}
	}})
	if err != nil {
		return err
	}
	if err := p.Open(ctx, r.URLs); err != nil {
		return err
	}
	burst := func(size int, length time.Duration) (int64, error) {
		step.Store(int64(max(r.N*size/4, 1)))
		before := received.Now()
		count, err := r.Server.Ask(ctx, "Burst", server.Burst{Conns: r.N, Batch: size, For: length})
		if err != nil {
			return 0, err
		}
		return count, received.Await(ctx, before+count)
	}
	for _, m := range []struct {
		prefix string
		size   int
	}{{"", 1}, {"batched_", batch}} {
		if _, err := burst(m.size, r.For/8); err != nil { // everybody is warm
			return err
		}
		watch := gauge.Start()
		err := r.Profiled(m.prefix+"burst", func() error {
			count, err := burst(m.size, r.For)
			r.Figures.Messages(m.prefix, watch, count)
			return err
		})
		if err != nil {
			return err
		}
	}
	return p.Close(ctx)
}
