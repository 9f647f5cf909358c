package descriptors

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

const (
	serverVariable = "HOLDFAST_SERVER"
	limit          = 64
	channels       = 100
)

// The fleet is in a process of its own: this one holds the server's ends, and its limit
// stays as it is.
func TestMoreChannelsThanDescriptors(t *testing.T) {
	if url := os.Getenv(serverVariable); url != "" {
		crowd(t, url)
		return
	}
	server := wstest.NewServer(wstest.WithHandler(wstest.Echo()))
	defer func() { _ = server.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), serverVariable+"="+server.URL)
	output, err := child.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v:\n%s", err, output)
	}
	t.Logf("%s", output)
}

// allow sets how many descriptors this process may open.
func allow(t *testing.T, n uint64) {
	t.Helper()
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		t.Fatal(err)
	}
	now.Cur = min(n, now.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		t.Fatal(err)
	}
}

// crowd opens more channels than fit, and makes room in both ways that there are.
func crowd(t *testing.T, url string) {
	allow(t, limit)
	var log bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&log)
	dialer := &counted{Dialer: new(transport.WebSocket)}
	fleet, err := supervisor.New(supervisor.WithDialer(dialer), supervisor.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	book := newLedger()
	if err := fleet.Listen("ledger", book.note); err != nil {
		t.Fatal(err)
	}
	var all []*supervisor.Channel
	for n := range channels {
		ch, err := fleet.Open(t.Context(), supervisor.Spec{
			ID: messages.ChannelID(fmt.Sprint(n)), Address: transport.Static(url), Handler: supervisor.Discard, MaxRetries: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ch)
	}

	// Those that fit are up, the others have a clear reason and do not hammer.
	book.until(t, "a full house", 10*time.Second, func() bool { return book.paused() && len(book.up()) >= limit/2 })
	<-time.After(2 * time.Second)
	if dials := dialer.dials.Load(); dials > channels+40 {
		t.Errorf("%d dials for %d channels in 2 s", dials, channels)
	}
	full := len(book.up())
	if d := fleet.Limits().Descriptors; !d.Known || d.Soft != limit || d.InUse < full || full+d.Free > limit {
		t.Errorf("%d channels are up, and the limits are %+v", full, d)
	}
	before := steady(t, book, all)

	// A descriptor that becomes free is found.
	closed := 0
	for _, ch := range all {
		if closed < 10 && ch.Snapshot().Status == messages.Ready {
			closed++
			if err := ch.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			delete(before, ch.ID())
		}
	}
	book.until(t, "as many as before", 15*time.Second, func() bool { return len(book.up()) >= full-1 })

	// So is a limit that was raised.
	allow(t, 20*limit)
	book.until(t, "everybody up", 30*time.Second, func() bool { return len(book.up()) == channels-closed && !book.paused() })
	book.mu.Lock()
	for id, moves := range before {
		if book.moves[id] != moves {
			t.Errorf("%s was up, and moved %d times while others came", id, book.moves[id]-moves)
		}
	}
	if book.reasons[messages.ReasonFDLimit] == 0 || len(book.reasons) > 1 {
		t.Errorf("they waited because of %v", book.reasons)
	}
	book.mu.Unlock()
	if err := fleet.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "level=warning"); n == 0 || n > 5 {
		t.Errorf("%d warnings:\n%s", n, log.String())
	}
	t.Logf("%d fit, %d dials, at most %d counted, pauses %d", full, dialer.dials.Load(), book.attempts, len(book.pauses))
}

// steady pings everybody who is up, and gives how often each has moved so far.
func steady(t *testing.T, book *ledger, all []*supervisor.Channel) map[messages.ChannelID]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	moves := map[messages.ChannelID]int{}
	for _, ch := range all {
		if ch.Snapshot().Status != messages.Ready {
			continue
		}
		if _, err := ch.Ping(ctx); err != nil {
			t.Errorf("%s is up: %v", ch.ID(), err)
		}
		book.mu.Lock()
		moves[ch.ID()] = book.moves[ch.ID()]
		book.mu.Unlock()
	}
	return moves
}
