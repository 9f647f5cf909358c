// Command connect tells how fast channels come up, a hundred dials at once.
//
//	go run ./connect -n 5000 -json
package main

import (
	"context"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/stage"
)

func main() {
	stage.Main(stage.Question{
		Name: "connect", N: 5000, Measure: measure,
		Metrics: []stage.Metric{stage.More("connects_per_second"), stage.Less("cpu_per_connect")},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	p, err := r.Peer(peer.Config{})
	if err != nil {
		return err
	}
	warm := min(100, r.N/2)
	if err := p.Open(ctx, r.URLs[:warm]); err != nil {
		return err
	}
	watch := gauge.Start()
	if err := r.Profiled("open", func() error { return p.Open(ctx, r.URLs[warm:]) }); err != nil {
		return err
	}
	rest := float64(r.N - warm)
	r.Figures["connects_per_second"] = rest / watch.Elapsed().Seconds()
	r.Figures["cpu_per_connect"] = float64(watch.CPU()) / float64(time.Microsecond) / rest
	return p.Close(ctx)
}
