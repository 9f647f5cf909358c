// Command idle tells what a channel takes when nothing happens: Holdfast's with its
// actors, its heartbeat and its outbox, next to bare connections.
//
//	go run ./idle -n 5000 -json
//	go run ./idle -n 5000 -tls -resume
package main

import (
	"context"
	"flag"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/stage"
)

var wait = flag.Duration("wait", time.Second, "how long channels are idle before they are weighed")

// settling is how long what was closed has to go.
const settling = time.Second

func main() {
	stage.Main(stage.Question{
		Name: "idle", N: 5000, Measure: measure,
		Metrics: []stage.Metric{stage.Less("rss_per_channel"), stage.Less("heap_per_channel"), stage.Less("goroutines_per_channel"),
			stage.Less("heap_left_per_channel"), stage.Less("goroutines_left"), stage.Less("descriptors_left")},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	before := gauge.Weigh()
	p, err := r.Peer(peer.Config{})
	if err != nil {
		return err
	}
	if err := r.Profiled("open", func() error { return r.OpenWeighed(ctx, p, *wait) }); err != nil {
		return err
	}
	if err := p.Close(ctx); err != nil {
		return err
	}
	time.Sleep(settling)
	r.Figures.Left(before, gauge.Weigh(), r.N)
	return nil
}
