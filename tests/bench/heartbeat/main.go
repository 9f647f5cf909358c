// Command heartbeat tells what it costs to know that idle channels are alive: a
// ping for each, every few seconds, and a deadline for its pong.
//
//	go run ./heartbeat -n 5000 -json
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

var every = flag.Duration("every", 4*time.Second, "time between two pings of a channel")

func main() {
	stage.Main(stage.Question{
		Name: "heartbeat", N: 5000, For: 12 * time.Second, Measure: measure,
		Metrics: []stage.Metric{stage.Less("cpu_per_heartbeat"), stage.Less("rss_per_channel"), stage.Less("heap_per_channel"), stage.Less("goroutines_per_channel"), stage.More("heartbeats_per_second")},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	if *every <= 0 {
		return fmt.Errorf("-every is %s; it must be above zero", *every)
	}
	p, err := r.Peer(peer.Config{Heartbeat: *every})
	if err != nil {
		return err
	}
	if err := r.OpenWeighed(ctx, p, *every+*every/4); err != nil { // each has pinged
		return err
	}
	before, err := r.Server.Ask(ctx, "Pings", 0)
	if err != nil {
		return err
	}
	watch := gauge.Start()
	_ = r.Profiled("beat", func() error { time.Sleep(r.For); return nil })
	elapsed, cpu := watch.Elapsed(), watch.CPU()
	after, err := r.Server.Ask(ctx, "Pings", 0)
	if err != nil {
		return err
	}
	if after == before {
		return fmt.Errorf("there was no ping within %s", elapsed)
	}
	r.Figures["cpu_per_heartbeat"] = float64(cpu) / float64(time.Microsecond) / float64(after-before)
	r.Figures["heartbeats_per_second"] = float64(after-before) / elapsed.Seconds()
	return p.Close(ctx)
}
