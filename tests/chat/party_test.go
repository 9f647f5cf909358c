package chat

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

const (
	guests   = 20
	speeches = 15 // of each guest
)

// place is a server where a party can be.
type place struct {
	url  string
	api  *api.Client
	json bool
}

// guest is one user: what was said to it, in the order of its handler.
type guest struct {
	name    string
	channel *supervisor.Channel
	room    *supervisor.Room

	mu    sync.Mutex
	heard []wukongim.Message
	texts []string
}

func (g *guest) hear(m messages.Received) {
	said, _ := wukongim.Of(m)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard, g.texts = append(g.heard, said), append(g.texts, string(m.Data))
}

// said is what others said to the guest, without what was said twice by its sender.
func (g *guest) said() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	times := map[string]int{}
	names := map[string]bool{}
	for i, m := range g.heard {
		if !names[m.ClientMsgNo] {
			names[m.ClientMsgNo] = true
			times[g.texts[i]]++
		}
	}
	return times
}

// party lets twenty users chat in a group while their connections are cut. Everything
// that was said arrives at everybody once, apart from what the server itself says twice,
// and in the order of the channel.
func party(t *testing.T, at place) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	target, err := url.Parse(at.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := newCutter(t, target.Host)
	target.Host = proxy.Addr().String()
	all := invite(t, ctx, at, target.String())

	stop := make(chan struct{})
	var scissors sync.WaitGroup
	scissors.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(30 * time.Millisecond):
				proxy.cut()
			}
		}
	})
	outcomes := chatter(t, ctx, all)
	close(stop)
	scissors.Wait()

	duplicates := 0
	for _, g := range all {
		want := map[string]int{}
		for text, from := range outcomes {
			if from != g.name {
				want[text] = 1
			}
		}
		for !covers(g.said(), want) && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		duplicates += g.check(t, want)
	}
	t.Logf("%d guests heard %d messages each over %d cuts; the server had taken %d of them twice", len(all), len(outcomes)-speeches, proxy.total(), duplicates)
	if proxy.total() < 5 {
		t.Errorf("the connections were cut %d times; that proves nothing", proxy.total())
	}
}

func covers(have, want map[string]int) bool {
	for text := range want {
		if have[text] == 0 {
			return false
		}
	}
	return true
}

// check looks at what a guest heard. It reports what came twice under one name, which
// only a server that does not know its messages again can cause.
func (g *guest) check(t *testing.T, want map[string]int) (duplicates int) {
	t.Helper()
	have := g.said()
	for text, times := range have {
		if want[text] != times {
			t.Errorf("%s heard %q %d times, and should have %d times", g.name, text, times, want[text])
		}
	}
	for text := range want {
		if have[text] == 0 {
			t.Errorf("%s did not hear %q", g.name, text)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := map[int64]bool{}
	for i, m := range g.heard {
		if ids[m.ID] {
			t.Errorf("%s heard the message %d twice", g.name, m.ID)
		}
		ids[m.ID] = true
		if i > 0 && m.Seq <= g.heard[i-1].Seq {
			t.Errorf("%s heard number %d after %d", g.name, m.Seq, g.heard[i-1].Seq)
		}
	}
	return len(g.heard) - len(want)
}

// invite makes users, a group of them, and a channel for each that has joined it.
func invite(t *testing.T, ctx context.Context, at place, through string) []*guest {
	t.Helper()
	name := fmt.Sprintf("party%x", time.Now().UnixNano())
	all := make([]*guest, guests)
	var uids []string
	for i := range all {
		all[i] = &guest{name: fmt.Sprintf("%s-%d", name, i)}
		uids = append(uids, all[i].name)
		if err := at.api.SetToken(ctx, api.Token{UID: uids[i], Token: messages.NewSecret("token-of-" + uids[i]), Master: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := at.api.CreateChannel(ctx, api.Channel{ID: name, Type: byte(wukongim.Group)}, uids...); err != nil {
		t.Fatal(err)
	}
	fleet, err := supervisor.New(
		supervisor.WithDialer(wukongim.Dialer()),
		supervisor.WithStrategy(supervisor.Backoff{Base: 50 * time.Millisecond, Cap: 500 * time.Millisecond}),
		supervisor.WithProtocol(wukongim.New(wukongim.Options{Syncer: wukongim.API(at.api), JSON: at.json})),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, g := range all {
		g.channel, err = fleet.Open(ctx, supervisor.Spec{
			ID: messages.ChannelID(g.name), Address: transport.Static(through),
			Credentials:  supervisor.StaticToken(g.name, "token-of-"+g.name),
			Handler:      supervisor.Discard,
			Timeouts:     supervisor.Timeouts{MinInterval: 10 * time.Millisecond},
			Outbox:       supervisor.OutboxLimits{AckTimeout: 3 * time.Second, Tries: 1000},
			Flapping:     supervisor.Flapping{End: 1 << 30},
			RoomStrategy: supervisor.Backoff{Base: 50 * time.Millisecond, Cap: 500 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		if g.room, err = g.channel.Join(ctx, messages.RoomSpec{ID: wukongim.Room(wukongim.Group, name), Handler: g.hear}); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range all {
		if _, err := g.room.Wait(ctx, messages.RoomJoined); err != nil {
			t.Fatalf("%s: %v; its channel is %s", g.name, err, g.channel)
		}
	}
	return all
}

// chatter lets everybody speak at once, and waits until everything was taken. It
// returns who said what.
func chatter(t *testing.T, ctx context.Context, all []*guest) map[string]string {
	t.Helper()
	var mu sync.Mutex
	said := map[string]string{}
	var talking sync.WaitGroup
	for _, g := range all {
		talking.Go(func() {
			for i := range speeches {
				text := fmt.Sprintf("%s says %d", g.name, i)
				m := messages.Text(text)
				m.AllowDuplicate = true
				receipt, err := g.room.Send(ctx, m)
				if err != nil {
					t.Errorf("%s: %v", g.name, err)
					return
				}
				outcome, err := receipt.Wait(ctx)
				if err != nil || outcome.Result != messages.ResultDelivered {
					t.Errorf("%s: %v %v", text, outcome, err)
					return
				}
				mu.Lock()
				said[text] = g.name
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	talking.Wait()
	return said
}

func TestPartyOnTheFake(t *testing.T) {
	for _, profile := range []wukongimtest.Profile{wukongimtest.V2, wukongimtest.V3} {
		for _, over := range []string{"tcp", "ws", "json"} {
			if profile == wukongimtest.V3 && over == "json" {
				continue // it does not speak it
			}
			t.Run(profile.String()+" over "+over, func(t *testing.T) {
				server := wukongimtest.NewServer(profile, wukongimtest.WithTest(t))
				at := place{url: server.TCP, api: &api.Client{URL: server.API, HTTP: server.Client()}, json: over == "json"}
				if over != "tcp" {
					at.url = server.WS
				}
				party(t, at)
			})
		}
	}
}

// The same on a server that somebody runs.
func TestLive(t *testing.T) {
	for name, variable := range map[string]string{"tcp": "WUKONG_TCP", "ws": "WUKONG_WS", "json": "WUKONG_WS"} {
		t.Run(name, func(t *testing.T) {
			address, web := os.Getenv(variable), os.Getenv("WUKONG_API")
			if address == "" || web == "" {
				t.Skipf("set WUKONG_TCP (host:port), WUKONG_WS (ws://host:port) and WUKONG_API (http://host:port) to test against a live server; %s or WUKONG_API is not set", variable)
			}
			if _, _, err := net.SplitHostPort(address); err == nil && !strings.Contains(address, "://") {
				address = "tcp://" + address
			}
			carrier := &http.Transport{MaxIdleConnsPerHost: guests}
			defer carrier.CloseIdleConnections()
			client := &api.Client{URL: web, HTTP: &http.Client{Transport: carrier}}
			if err := client.Health(t.Context()); err != nil {
				t.Fatal(err)
			}
			party(t, place{url: address, api: client, json: name == "json"})
		})
	}
}
