package main

import (
	"context"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// fleet is Holdfast, with its defaults but for two things: the gate is open
// wider than a dial can be, except for the number of dials at once, and the
// backoff is the one that the other peer has.
type fleet struct {
	fleet    *supervisor.Fleet
	channels []*supervisor.Channel
	ups      *tally
	receipts []*supervisor.Receipt
}

func (f *fleet) open(urls []string, ups, received *tally) error {
	var err error
	f.fleet, err = supervisor.New(
		supervisor.WithLimits(supervisor.Limits{PerSecond: 1e6, Burst: 1e6, Concurrent: dialsAtOnce}),
		supervisor.WithStrategy(supervisor.StrategyFunc(func(failure supervisor.Failure) supervisor.Verdict {
			return supervisor.Verdict{Delay: backoff(failure.Attempt)}
		})),
		supervisor.WithObserverQueue(32*len(urls)),
	)
	if err != nil {
		return err
	}
	f.ups = ups
	if err := f.watch(); err != nil {
		return err
	}
	handler := func(messages.Received) { received.add(1) }
	f.receipts = make([]*supervisor.Receipt, len(urls))
	for i, url := range urls {
		ch, err := f.fleet.Open(context.Background(), supervisor.Spec{
			ID:        messages.ChannelID(fmt.Sprintf("channel-%d", i)),
			Address:   transport.Static(url),
			Handler:   handler,
			Keepalive: supervisor.Keepalive{Interval: pingEvery, Grace: pongWithin},
			Timeouts:  supervisor.Timeouts{Dial: handshakeTime},
		})
		if err != nil {
			return err
		}
		f.channels = append(f.channels, ch)
	}
	return nil
}

func (f *fleet) watch() error {
	return f.fleet.Listen("bench", func(event messages.Event) {
		switch e := event.(type) {
		case messages.StatusChanged:
			if e.Cur == messages.Ready {
				f.ups.add(1)
			}
		case messages.Missed:
			panic(fmt.Sprintf("the benchmark missed %d events", e.Count))
		}
	})
}

func (f *fleet) unwatch() { f.fleet.Unlisten("bench") }

// send waits for the receipts only when every message is on its way, as the
// other peer does not wait for one connection before it writes to the next.
func (f *fleet) send(ctx context.Context, from, to int, data []byte) error {
	for i := from; i < to; i++ {
		receipt, err := f.channels[i].Send(ctx, messages.Message{Kind: messages.KindText, Data: data})
		if err != nil {
			return err
		}
		f.receipts[i] = receipt
	}
	for i := from; i < to; i++ {
		outcome, err := f.receipts[i].Wait(ctx)
		if err != nil {
			return err
		}
		if outcome.Result != messages.ResultWritten {
			return fmt.Errorf("%s: the message ended as %s because of %s", f.channels[i], outcome.Result, outcome.Reason)
		}
	}
	return nil
}

func (f *fleet) close(ctx context.Context) error { return f.fleet.Close(ctx) }
