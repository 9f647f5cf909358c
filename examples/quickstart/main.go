// Quickstart opens several channels to a server of its own and prints every
// change of status while that server drops one, refuses one, kicks one, goes
// away and comes back. It needs nothing else and ends by itself, with a line
// that begins with "ok:".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

func main() {
	if err := run(); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// feeds are the channels of this program.
var feeds = []messages.ChannelID{"steady", "dropped", "refused", "kicked", "quiet"}

func run() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	backend := newBackend()
	defer func() { err = errors.Join(err, backend.Close()) }()

	fleet, err := supervisor.New(supervisor.WithProtocol(transport.Endings(transport.Raw(), map[int]messages.Code{
		4001: messages.ReasonKickedOtherDevice, // what this backend means by 4001
	})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close(context.WithoutCancel(ctx))) }()
	tale := tell(fleet)

	say("five channels are opened; one of them is refused at first")
	var echoes atomic.Int64
	channels := map[messages.ChannelID]*supervisor.Channel{}
	for _, id := range feeds {
		channels[id], err = fleet.Open(ctx, supervisor.Spec{
			ID:       id,
			Address:  transport.Static(backend.URL + "/" + string(id)),
			Handler:  func(messages.Received) { echoes.Add(1) },
			Strategy: supervisor.Backoff{Base: 500 * time.Millisecond, Cap: 2 * time.Second},
		})
		if err != nil {
			return err
		}
	}
	if err := await(ctx, channels); err != nil {
		return err
	}

	say("the server drops one")
	backend.drop("dropped")
	if _, err := channels["dropped"].Wait(ctx, messages.Backoff); err != nil {
		return err
	}
	if err := await(ctx, channels); err != nil {
		return err
	}

	say("the server kicks one: it stays down until this side takes over")
	backend.kick("kicked")
	if _, err := channels["kicked"].Wait(ctx, messages.Kicked); err != nil {
		return err
	}
	_, refusal := channels["kicked"].Send(ctx, messages.Text("hello?"))
	fmt.Println("        send:", refusal)
	if err := channels["kicked"].Connect(ctx, supervisor.Takeover); err != nil {
		return err
	}

	say("the server goes away for a moment; what is sent meanwhile is kept")
	if err := await(ctx, channels); err != nil {
		return err
	}
	backend.away()
	var receipts []*supervisor.Receipt
	for _, ch := range channels {
		if _, err := ch.Wait(ctx, messages.Backoff); err != nil {
			return err
		}
		receipt, err := ch.Send(ctx, messages.Text("kept while you were away"))
		if err != nil {
			return err
		}
		receipts = append(receipts, receipt)
	}
	time.Sleep(time.Second) // long enough to be refused
	if err := backend.back(); err != nil {
		return err
	}
	for _, receipt := range receipts {
		outcome, err := receipt.Wait(ctx)
		if err != nil {
			return err
		}
		if !outcome.Result.OK() {
			return fmt.Errorf("message %d of %s is %s", outcome.ID, outcome.Channel, outcome.Result)
		}
	}
	rtt, err := channels["steady"].Ping(ctx)
	if err != nil {
		return err
	}
	fmt.Println("        a heartbeat takes", rtt.Round(time.Microsecond))

	say("everything is drained")
	if err := fleet.Drain(ctx); err != nil {
		return err
	}
	changes, ready := tale()
	fmt.Printf("ok: %d channels, %d changes of status, %d times up, %d messages written, %d echoes\n",
		len(channels), changes, ready, len(receipts), echoes.Load())
	return nil
}

// await waits until every channel is up.
func await(ctx context.Context, channels map[messages.ChannelID]*supervisor.Channel) error {
	for _, ch := range channels {
		if _, err := ch.Wait(ctx, messages.Ready); err != nil {
			return err
		}
	}
	return nil
}
