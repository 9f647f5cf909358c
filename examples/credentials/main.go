// Credentials opens five channels of one identity to a server of its own, whose
// tokens live for 3 s. The channels share one refresh, and renew their logins on
// the live connections; then the server revokes every token, and they share one
// refresh again. It needs nothing else and ends by itself, with a line that
// begins with "ok:".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
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

var start = time.Now()

// say prints what is about to happen.
func say(what string) { fmt.Printf("\n%5.1fs -- %s\n", time.Since(start).Seconds(), what) }

// tally is what the channels went through.
type tally struct {
	mu               sync.Mutex
	renewed, refused int           // logins
	renewals, losses chan struct{} // get a word for each
}

// note prints an event.
func (t *tally) note(event messages.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case messages.StatusChanged:
		if e.Reason.Code == messages.ReasonAuthRejected {
			t.refused++
		}
		if e.Cur == messages.Backoff {
			t.losses <- struct{}{}
		}
		if e.Cur != messages.Ready && e.Reason.IsZero() {
			return // the steps of an attempt
		}
		fmt.Printf("%5.1fs %v\n", time.Since(start).Seconds(), e)
	case messages.TokenWillExpire:
		fmt.Printf("%5.1fs %s: the login ends in %s\n", time.Since(start).Seconds(), e.Channel, e.Expires.Sub(e.At).Round(time.Millisecond))
	case messages.Updated:
		if e.Reason.Code == messages.ReasonCredentialRenewed {
			t.renewed++
			fmt.Printf("%5.1fs %s: renewed\n", time.Since(start).Seconds(), e.Channel)
			t.renewals <- struct{}{}
		}
	}
}

func run() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	backend := newBackend()
	defer func() { err = errors.Join(err, backend.Close()) }()
	fleet, err := supervisor.New(supervisor.WithProtocol(protocol{}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close(context.WithoutCancel(ctx))) }()
	seen := &tally{renewals: make(chan struct{}, 100), losses: make(chan struct{}, 100)}
	if err := fleet.Listen("tale", seen.note); err != nil {
		return err
	}

	say("five channels log in as alice, with one token")
	alice := &supervisor.Credentials{Identity: "alice", Fetch: backend.issue}
	var channels []*supervisor.Channel
	for i := range 5 {
		ch, err := fleet.Open(ctx, supervisor.Spec{
			ID:          messages.ChannelID(fmt.Sprintf("feed-%d", i+1)),
			Address:     transport.Static(backend.URL),
			Handler:     supervisor.Discard,
			Credentials: alice,
		})
		if err != nil {
			return err
		}
		channels = append(channels, ch)
	}
	if err := ready(ctx, channels); err != nil {
		return err
	}

	say("each renews its login before the token ends, and nobody reconnects")
	if err := await(ctx, seen.renewals, 2*len(channels)); err != nil {
		return err
	}

	say("the server revokes every token")
	before := backend.tokens()
	backend.revoke()
	if err := await(ctx, seen.losses, len(channels)); err != nil {
		return err
	}
	if err := ready(ctx, channels); err != nil {
		return err
	}
	refreshes := backend.tokens() - before

	say("everything is drained")
	if err := fleet.Drain(ctx); err != nil {
		return err
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	fmt.Printf("ok: %d channels, %d tokens, %d renewals on live connections, %d logins rejected, %d refresh for them\n",
		len(channels), backend.tokens(), seen.renewed, seen.refused, refreshes)
	return nil
}

// await takes so many words.
func await(ctx context.Context, words <-chan struct{}, count int) error {
	for range count {
		select {
		case <-words:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// ready waits until every channel is up.
func ready(ctx context.Context, channels []*supervisor.Channel) error {
	for _, ch := range channels {
		if _, err := ch.Wait(ctx, messages.Ready); err != nil {
			return err
		}
	}
	return nil
}
