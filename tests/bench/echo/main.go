// Command echo tells how long a message of 128 bytes takes to the server and back
// while thousands are under way each second.
//
//	go run ./echo -n 1000 -rate 10000 -json
package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/stage"
)

var rate = flag.Int("rate", 10_000, "round trips per second")

func main() {
	stage.Main(stage.Question{
		Name: "echo", N: 1000, For: 5 * time.Second, Echo: true, Measure: measure,
		Metrics: []stage.Metric{stage.Less("p50"), stage.Less("p99"), stage.Less("p999"), stage.Less("cpu_per_million"), stage.Less("allocs_per_msg"), stage.More("msgs_per_second")},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	if *rate < 1 || *rate > 1_000_000 {
		return fmt.Errorf("-rate is %d; it must be from 1 to 1,000,000", *rate)
	}
	var latencies *gauge.Latencies
	received := gauge.NewTally()
	p, err := r.Peer(peer.Config{Received: func(data []byte) {
		latencies.Add(time.Since(zero) - stamped(data))
		received.Add(1)
	}})
	if err != nil {
		return err
	}
	if err := p.Open(ctx, r.URLs); err != nil {
		return err
	}
	for _, length := range []time.Duration{r.For / 5, r.For} { // the first one warms everybody
		latencies = new(gauge.Latencies)
		before := received.Now()
		watch := gauge.Start()
		err := r.Profiled("echo", func() error {
			count, err := paced(length, func(i int, at time.Duration) error { return p.Send(ctx, i%r.N, message(at)) })
			if err != nil {
				return err
			}
			err = received.Await(ctx, before+count)
			r.Figures.Messages("", watch, count)
			return err
		})
		if err != nil {
			return err
		}
	}
	r.Figures.Latencies(latencies)
	return p.Close(ctx)
}
