// Policies shows one restart strategy after the other, each against a server
// that is not there, in shortened time: the delays that it chooses, and how it
// ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

const ms = time.Millisecond

// quick is the default strategy, twenty times as fast.
var quick = supervisor.Backoff{Base: 50 * ms, Cap: 1500 * ms, Floor: 12 * ms, Suspended: 400 * ms}

// policies are the ways to answer a failure. A Spec is data: what is not named
// keeps its default.
var policies = []struct {
	name string
	spec supervisor.Spec
}{
	{"full-jitter exponential backoff, the default", supervisor.Spec{Strategy: quick}},
	{"a fixed interval, ±20 %", supervisor.Spec{Strategy: supervisor.Fixed{Interval: 60 * ms, Jitter: 0.2}}},
	{"a function of attempt, elapsed time and reason", supervisor.Spec{Strategy: supervisor.StrategyFunc(impatient)}},
	{"three retries, then it is over", supervisor.Spec{Strategy: quick, MaxRetries: 3}},
	{"three retries, then slow ones", supervisor.Spec{Strategy: quick, MaxRetries: 3, Exhausted: supervisor.Suspend}},
	{"give up when it was not up for 300 ms", supervisor.Spec{Strategy: quick, GiveUpAfter: 300 * ms}},
	{"never reconnect", supervisor.Spec{Restart: supervisor.Temporary}},
}

// impatient retries quickly while nobody listens, since a restart takes a
// moment, and steps back from every other failure.
func impatient(f supervisor.Failure) supervisor.Verdict {
	if f.Reason.Code == messages.ReasonRefused {
		return supervisor.Verdict{Delay: time.Duration(f.Attempt) * 20 * ms}
	}
	return supervisor.Verdict{Delay: min(f.Elapsed, time.Minute)}
}

func main() {
	if err := run(); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	server := wstest.NewServer()
	server.Down() // its address refuses from now on
	fleet, err := supervisor.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close(context.WithoutCancel(ctx)), server.Close()) }()
	for i, p := range policies {
		p.spec.ID = messages.ChannelID(fmt.Sprint(i))
		p.spec.Address = transport.Static(server.URL)
		p.spec.Handler = supervisor.Discard
		fmt.Println(p.name)
		if err := watch(ctx, fleet, p.spec); err != nil {
			return err
		}
	}
	fmt.Printf("ok: %d policies\n", len(policies))
	return nil
}

// watch opens a channel and prints its first five delays, or its end.
func watch(ctx context.Context, fleet *supervisor.Fleet, spec supervisor.Spec) error {
	ch, err := fleet.Open(ctx, spec)
	if err != nil {
		return err
	}
	delays := 0
	for event := range fleet.Events(ctx) {
		e, ok := event.(messages.StatusChanged)
		if !ok || e.Channel != spec.ID {
			continue
		}
		switch {
		case e.RetryIn > 0:
			fmt.Printf("    %-9s attempt %d, retry in %s\n", e.Cur, e.Attempt, e.RetryIn.Round(ms))
			delays++
		case e.Cur.Ended():
			fmt.Printf("    %-9s %s\n", e.Cur, e.Reason.Code)
		}
		if delays == 5 || e.Cur.Ended() {
			break
		}
	}
	return errors.Join(ctx.Err(), ch.Close(ctx))
}
