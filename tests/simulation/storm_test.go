package simulation

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// storm is how many channels lose their server at once.
const storm = 2000

func TestAStormIsHeldByTheGateAndPassesWithinThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wstest.NewNetwork()
		server := network.NewServer("server", wstest.WithHandler(wstest.Echo()))
		fleet, err := supervisor.New(
			supervisor.WithDialer(&transport.WebSocket{NetDial: network.Dial}),
			supervisor.WithSeed(1),
		)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		for i := range storm {
			id := messages.ChannelID(fmt.Sprint("c", i))
			if _, err := fleet.Open(ctx, supervisor.Spec{
				ID:      id,
				Address: transport.Static(fmt.Sprintf("%s/%s", server.URL, id)),
				Handler: supervisor.Discard,
			}); err != nil {
				t.Fatal(err)
			}
		}
		started := time.Now()
		awaitAll(t, fleet, messages.Ready)
		t.Logf("up after %s", time.Since(started))
		time.Sleep(time.Minute)

		server.Down()
		server.Drop()
		for range 60 {
			time.Sleep(time.Second)
			for ch := range fleet.Channels() {
				_ = ch
			}
		}
		back := time.Now()
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
		awaitAll(t, fleet, messages.Ready)
		took := time.Since(back)
		t.Logf("back after %s, %d dials", took, len(server.Dials()))
		if took > 30*time.Second {
			t.Errorf("all were back after %s", took)
		}
		if err := fleet.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
	})
}

func awaitAll(t *testing.T, fleet *supervisor.Fleet, status messages.Status) {
	t.Helper()
	for s := range fleet.Channels() {
		ch, ok := fleet.Channel(s.Channel)
		if !ok {
			continue
		}
		if _, err := ch.Wait(t.Context(), status); err != nil {
			t.Fatal(err)
		}
	}
}
