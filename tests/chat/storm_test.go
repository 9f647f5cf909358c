package chat

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

// weather is a server, a user of it, and everything that can go wrong between them.
// Bob speaks, in two groups and to alice; alice hears him in rooms or with the
// channel's handler, and speaks as well.
type weather struct {
	server *wukongimtest.Server
	fleet  *supervisor.Fleet
	alice  *supervisor.Channel
	places []wukongim.Channel
	joined map[wukongim.Channel]bool
	left   bool // a room was: what waited for it was not heard, and comes again out of order
	told   int

	deaf atomic.Int64 // how long the API does not answer, until when, since the beginning
	slow atomic.Int64 // how long a handler takes

	mu     sync.Mutex
	said   map[wukongim.Channel]map[uint64]bool // what bob said
	heard  map[wukongim.Channel][]uint64        // by alice
	taken  map[int64]time.Time
	breach []string
}

func newWeather(t *rapid.T, profile wukongimtest.Profile) *weather {
	network := wstest.NewNetwork()
	w := &weather{
		server: wukongimtest.NewServerOn(network, "im", profile),
		places: []wukongim.Channel{{Type: wukongim.Group, ID: "tea"}, {Type: wukongim.Group, ID: "milk"}, {Type: wukongim.Person, ID: "bob"}},
		joined: map[wukongim.Channel]bool{},
		said:   map[wukongim.Channel]map[uint64]bool{}, heard: map[wukongim.Channel][]uint64{}, taken: map[int64]time.Time{},
	}
	fleet, err := supervisor.New(
		supervisor.WithSeed(1),
		supervisor.WithDialer(&transport.TCP{NetDial: network.Dial}),
		supervisor.WithStrategy(supervisor.Fixed{Interval: time.Second}),
	)
	if err != nil {
		t.Fatal(err)
	}
	w.fleet = fleet
	for _, user := range []string{"alice", "bob"} {
		w.server.AddUser(user, "token-of-"+user)
	}
	for _, place := range w.places[:2] {
		w.server.AddChannel(place.ID, byte(place.Type), "alice", "bob")
	}
	history := moody{wukongim.API(&api.Client{URL: w.server.API, HTTP: w.server.Client()}), &w.deaf}
	w.alice, err = fleet.Open(context.Background(), supervisor.Spec{
		ID: "alice", Address: transport.Static(w.server.TCP), Credentials: supervisor.StaticToken("alice", "token-of-alice"),
		Protocol:     wukongim.New(wukongim.Options{Syncer: history}),
		Handler:      w.hear,
		Flapping:     supervisor.Flapping{End: 1 << 30},
		RoomStrategy: supervisor.Fixed{Interval: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.rest(time.Second)
	for _, place := range w.places { // from here on they are known
		w.speak(place, 1)
	}
	w.rest(5 * time.Second)
	return w
}

// moody is a Syncer that does not answer for a while, now and then.
type moody struct {
	wukongim.Syncer
	deaf *atomic.Int64
}

func (m moody) wait(ctx context.Context) error {
	switch d := time.Duration(m.deaf.Load()); {
	case d < 0:
		return errors.New("not now")
	case d > 0:
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (m moody) History(ctx context.Context, uid string, channel wukongim.Channel, after uint64, _ int) (wukongim.History, error) {
	if err := m.wait(ctx); err != nil {
		return wukongim.History{}, err
	}
	page, err := m.Syncer.History(ctx, uid, channel, after, 3) // so that there is more, often
	if err != nil {
		return page, err
	}
	return page, m.wait(ctx)
}

func (m moody) Latest(ctx context.Context, uid string, channel wukongim.Channel) (uint64, error) {
	seq, err := m.Syncer.Latest(ctx, uid, channel)
	if err != nil {
		return seq, err
	}
	return seq, m.wait(ctx)
}

func (w *weather) bad(format string, args ...any) {
	w.breach = append(w.breach, fmt.Sprintf(format, args...))
}

func (w *weather) hear(m messages.Received) {
	time.Sleep(time.Duration(w.slow.Load()))
	said, _ := wukongim.Of(m)
	w.mu.Lock()
	defer w.mu.Unlock()
	if said.From != "bob" {
		w.bad("alice heard %q of herself", m.Data)
	}
	w.heard[said.Channel] = append(w.heard[said.Channel], said.Seq)
	w.taken[said.ID] = time.Now()
}

// speak lets bob say something.
func (w *weather) speak(place wukongim.Channel, times int) {
	for range times {
		to := place.ID
		if place.Type == wukongim.Person {
			to = "alice"
		}
		w.told++
		_, seq := w.server.Send("bob", to, byte(place.Type), fmt.Appendf(nil, "%s %d", place, w.told))
		if w.said[place] == nil {
			w.said[place] = map[uint64]bool{}
		}
		w.said[place][seq] = true
	}
}

func (w *weather) rest(d time.Duration) { time.Sleep(d) }

// conns does something to alice's connections.
func (w *weather) conns(do func(*wukongimtest.Conn)) {
	for _, c := range w.server.Conns("alice") {
		do(c)
	}
}

// move is one thing that happens.
func (w *weather) move(t *rapid.T) {
	place := rapid.SampledFrom(w.places).Draw(t, "place")
	some := rapid.IntRange(1, 8).Draw(t, "some")
	ctx := context.Background()
	switch move := rapid.SampledFrom([]string{
		"speak", "speak", "speak", "say", "say", "join", "join", "leave", "skip", "skip", "drop", "reset", "silence", "redeliver",
		"forge", "hold", "release", "lose", "logout", "kick", "deaf", "slow", "rest", "rest", "long",
	}).Draw(t, "move"); move {
	case "speak":
		w.speak(place, some)
	case "say":
		m := wukongim.To(place.Type, place.ID).Message(fmt.Appendf(nil, "of alice"))
		m.AllowDuplicate = some%2 == 0
		if some == 3 {
			m.Meta = wukongim.Head{Channel: place, ClientMsgNo: fmt.Sprintf("named-%d", w.told)}
			w.told++
		}
		_, _ = w.alice.Send(ctx, m) // refused while the channel is not wanted
	case "join":
		if _, err := w.alice.Join(ctx, messages.RoomSpec{ID: place.Room(), Handler: w.hear}); err == nil {
			w.joined[place] = true
		}
	case "leave":
		if w.joined[place] {
			w.joined[place], w.left = false, true
			_ = w.alice.Leave(ctx, place.Room())
		}
	case "skip":
		w.conns(func(c *wukongimtest.Conn) { c.SkipRecvs(some) })
	case "drop":
		w.conns((*wukongimtest.Conn).Drop)
	case "reset":
		w.conns((*wukongimtest.Conn).Reset)
	case "silence":
		w.conns((*wukongimtest.Conn).Silence)
	case "redeliver":
		w.conns((*wukongimtest.Conn).Redeliver)
	case "forge":
		w.conns(func(c *wukongimtest.Conn) { c.Forge(wukongimtest.WrongKey) })
	case "hold":
		w.conns((*wukongimtest.Conn).HoldSendacks)
	case "release":
		w.conns((*wukongimtest.Conn).ReleaseSendacks)
	case "lose":
		w.conns(func(c *wukongimtest.Conn) { c.DropSendacks(some) })
	case "logout", "kick":
		if move == "kick" {
			w.conns(func(c *wukongimtest.Conn) { c.Disconnect(12, "server kick") })
		} else {
			_ = w.alice.Disconnect(ctx, messages.Logout)
		}
		w.speak(place, some)
		w.rest(time.Duration(some) * 100 * time.Millisecond)
		w.back()
	case "deaf":
		w.deaf.Store(int64(rapid.SampledFrom([]time.Duration{0, -1, 20 * time.Millisecond, 3 * time.Second, 40 * time.Second}).Draw(t, "deaf")))
	case "slow":
		w.slow.Store(int64(rapid.SampledFrom([]time.Duration{0, time.Millisecond, 2 * time.Second}).Draw(t, "slow")))
	case "rest":
		w.rest(time.Duration(some*some) * 10 * time.Millisecond)
	case "long":
		w.rest(time.Duration(some) * 15 * time.Second)
	}
}

// back connects again where that takes a command. Its rooms ended with the channel.
func (w *weather) back() {
	switch w.alice.Snapshot().Status {
	case messages.Closed, messages.Closing, messages.Kicked, messages.Failed, messages.Idle:
		_ = w.alice.Connect(context.Background(), supervisor.Takeover)
		clear(w.joined)
		w.left = true
	default:
	}
}

// heal lets the sky clear up, and looks at what became of everything.
func (w *weather) heal() {
	w.deaf.Store(0)
	w.slow.Store(0)
	w.conns((*wukongimtest.Conn).ReleaseSendacks)
	w.rest(2 * time.Minute)
	w.back()
	w.rest(2 * time.Minute)
	w.conns((*wukongimtest.Conn).Drop) // what nobody took is caught up with
	w.rest(3 * time.Minute)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, place := range w.places {
		times := map[uint64]int{}
		for i, seq := range w.heard[place] {
			times[seq]++
			if i > 0 && !w.left && seq <= w.heard[place][i-1] {
				w.bad("%s: %d was heard after %d", place, seq, w.heard[place][i-1])
			}
		}
		for seq := range w.said[place] {
			if times[seq] != 1 {
				w.bad("%s: %d was heard %d times; heard was %v", place, seq, times[seq], w.heard[place])
			}
		}
	}
	for _, ack := range w.server.Acks("alice") {
		if at, taken := w.taken[ack.MessageID]; !taken || at.After(ack.At) {
			w.bad("%d was acknowledged before it was taken", ack.MessageID)
		}
	}
	if s := w.alice.Snapshot().Status; s != messages.Ready {
		w.bad("alice is %s in the end", s)
	}
}

// Whatever is skipped, forged, redelivered and cut, and whoever joins and leaves
// meanwhile: each message is heard once, and in order where nobody has left.
func TestAUserHearsEverythingOnceInAnyStorm(t *testing.T) {
	for _, profile := range []wukongimtest.Profile{wukongimtest.V2, wukongimtest.V3} {
		t.Run(profile.String(), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				rapid.SyncTest(rt, func(rt *rapid.T) {
					w := newWeather(rt, profile)
					for range rapid.IntRange(1, 40).Draw(rt, "moves") {
						w.move(rt)
					}
					w.heal()
					if err := w.fleet.Close(context.Background()); err != nil {
						rt.Error(err)
					}
					_ = w.server.Close()
					time.Sleep(time.Minute) // the actor system counts its dead letters for a while
					for _, b := range w.breach {
						rt.Error(b)
					}
				})
			})
		})
	}
}
