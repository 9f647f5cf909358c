// Command storm tells how a fleet comes back: the server is killed with all its
// channels and started again after a moment.
//
//	go run ./storm -n 5000 -json
package main

import (
	"context"
	"flag"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/stage"
)

var (
	down = flag.Duration("down", time.Second, "how long there is no server")
	gate = flag.Float64("gate", 20_000, "dials per second that Holdfast's gate allows; 200 at once")
)

func main() {
	stage.Main(stage.Question{
		Name: "storm", N: 5000, Measure: measure,
		Metrics: []stage.Metric{
			stage.Less("seconds_until_ready"), stage.Less("attempts_per_channel"),
			stage.Less("peak_dials_per_second"), stage.Less("cpu_per_channel"),
		},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	var dials gauge.Moments
	ups, downs := gauge.NewTally(), gauge.NewTally()
	p, err := r.Peer(peer.Config{
		Reconnect: true, DialsPerSecond: *gate,
		Dialed: dials.Add, Up: func() { ups.Add(1) }, Down: func() { downs.Add(1) },
	})
	if err != nil {
		return err
	}
	if err := p.Open(ctx, r.URLs); err != nil {
		return err
	}
	watch := gauge.Start()
	killed, back, err := r.Restart(ctx, *down)
	if err != nil {
		return err
	}
	all := int64(r.N)
	if err := downs.Await(ctx, all); err != nil {
		return err
	}
	for lost := int64(0); lost != downs.Now(); { // who comes up may go down once more
		lost = downs.Now()
		if err := ups.Await(ctx, all+lost); err != nil {
			return err
		}
	}
	attempts, peak := dials.Since(killed)
	r.Figures["seconds_until_ready"] = time.Since(back).Seconds()
	r.Figures["attempts_per_channel"] = float64(attempts) / float64(r.N)
	r.Figures["peak_dials_per_second"] = float64(peak)
	r.Figures["cpu_per_channel"] = float64(watch.CPU()) / float64(time.Microsecond) / float64(r.N)
	return p.Close(ctx)
}
