package peer

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// fleet is Holdfast with its defaults: heartbeats, the outbox, backoff and breaker.
// Only the gate stands where the question wants it.
type fleet struct {
	config   Config
	fleet    *supervisor.Fleet
	channels []*supervisor.Channel
	receipts []*supervisor.Receipt // what each channel has not yet told of
	up       atomic.Int64
	ups      chan struct{} // has something when up has risen
}

// queued is how many events a listener may be behind.
const queued = 1 << 20

func (f *fleet) Open(ctx context.Context, urls []string) error {
	if f.fleet == nil {
		if err := f.start(); err != nil {
			return err
		}
	}
	if err := f.fleet.Listen("bench", f.hear); err != nil {
		return err
	}
	before := f.up.Load()
	handle := f.handle // one for all, as a service has it
	for _, url := range urls {
		ch, err := f.fleet.Open(ctx, supervisor.Spec{
			ID:        messages.ChannelID(fmt.Sprintf("channel-%d", len(f.channels))),
			Address:   transport.Static(url),
			Handler:   handle,
			Borrow:    true,
			Keepalive: supervisor.Keepalive{Interval: f.config.Heartbeat},
		})
		if err != nil {
			return err
		}
		f.channels = append(f.channels, ch)
		f.receipts = append(f.receipts, nil)
	}
	for f.up.Load() < before+int64(len(urls)) {
		select {
		case <-f.ups:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d are up: %w", f.up.Load()-before, len(urls), ctx.Err())
		}
	}
	if !f.config.Reconnect {
		f.fleet.Unlisten("bench") // it would cost where it is of no use
	}
	return nil
}

func (f *fleet) start() (err error) {
	limits := supervisor.Limits{PerSecond: f.config.DialsPerSecond}
	if limits.PerSecond == 0 {
		limits = supervisor.Limits{PerSecond: 1e6, Burst: 1e6, Concurrent: dialsAtOnce}
	}
	dialer := &transport.WebSocket{TLS: f.config.TLS}
	if f.config.Reconnect { // who counts dials
		dialer.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			f.config.Dialed()
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	}
	f.fleet, err = supervisor.New(supervisor.WithLimits(limits), supervisor.WithDialer(dialer), supervisor.WithObserverQueue(queued))
	return err
}

// hear counts who comes up and who goes down.
func (f *fleet) hear(event messages.Event) {
	switch e := event.(type) {
	case messages.StatusChanged:
		if e.Cur == messages.Ready {
			f.up.Add(1)
			f.config.Up()
			select {
			case f.ups <- struct{}{}:
			default: // it has been told
			}
		}
		if e.Prev == messages.Ready {
			f.config.Down()
		}
	case messages.Missed:
		panic(fmt.Sprintf("the benchmark missed %d events", e.Count))
	}
}

func (f *fleet) handle(m messages.Received) { f.config.Received(m.Data) }

// Send waits for the receipt of the message before: one of each channel is under
// way.
func (f *fleet) Send(ctx context.Context, i int, data []byte) error {
	if err := f.Flush(ctx, i); err != nil {
		return err
	}
	receipt, err := f.channels[i].Send(ctx, messages.Message{Kind: messages.KindText, Data: data})
	f.receipts[i] = receipt
	return err
}

func (f *fleet) Flush(ctx context.Context, i int) error {
	receipt := f.receipts[i]
	if receipt == nil {
		return nil
	}
	f.receipts[i] = nil
	outcome, err := receipt.Wait(ctx)
	if err == nil && outcome.Result != messages.ResultWritten {
		err = fmt.Errorf("%s: the message ended as %s because of %s", f.channels[i], outcome.Result, outcome.Reason)
	}
	return err
}

func (f *fleet) Close(ctx context.Context) error { return f.fleet.Close(ctx) }
