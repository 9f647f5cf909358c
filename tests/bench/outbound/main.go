// Command outbound tells how fast messages of 128 bytes go out: Holdfast's through
// the channel's outbox and with a receipt for each, the libraries' in a bare loop.
//
//	go run ./outbound -n 1000 -json
package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/server"
	"github.com/seed14814784/holdfast/tests/bench/internal/stage"
)

// senders is how many goroutines send, each to its own part of the channels.
const senders = 4

func main() {
	stage.Main(stage.Question{
		Name: "outbound", N: 1000, For: 2 * time.Second, Measure: measure,
		Metrics: []stage.Metric{stage.More("msgs_per_second"), stage.Less("cpu_per_million"), stage.Less("allocs_per_msg")},
	})
}

func measure(ctx context.Context, r *stage.Run) error {
	p, err := r.Peer(peer.Config{})
	if err != nil {
		return err
	}
	if err := p.Open(ctx, r.URLs); err != nil {
		return err
	}
	var all int64 // since the server began
	flood := func(length time.Duration) (int64, error) {
		count, err := send(ctx, p, r.N, time.Now().Add(length))
		if err != nil {
			return 0, err
		}
		all += count
		_, err = r.Server.Ask(ctx, "Received", all) // what the system holds has not gone out
		return count, err
	}
	if _, err := flood(r.For / 8); err != nil { // everybody is warm
		return err
	}
	watch := gauge.Start()
	err = r.Profiled("send", func() error {
		count, err := flood(r.For)
		r.Figures.Messages("", watch, count)
		return err
	})
	if err != nil {
		return err
	}
	return p.Close(ctx)
}

// send writes one message to each of n channels, over and over.
func send(ctx context.Context, p peer.Peer, n int, until time.Time) (count int64, err error) {
	data := []byte(strings.Repeat("x", server.Size))
	counts, errs := make([]int64, senders), make([]error, senders)
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			from, to := s*n/senders, (s+1)*n/senders
			for time.Now().Before(until) && from < to {
				for i := from; i < to; i++ {
					if errs[s] = p.Send(ctx, i, data); errs[s] != nil {
						return
					}
				}
				counts[s] += int64(to - from)
			}
			for i := from; i < to; i++ {
				errs[s] = errors.Join(errs[s], p.Flush(ctx, i))
			}
		})
	}
	sending.Wait()
	for _, c := range counts {
		count += c
	}
	return count, errors.Join(errs...)
}
