package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"
)

// engine is a Centrifugo engine on loopback whose node can be replaced by a fresh
// one: with it go the history and its epochs.
type engine struct {
	t *testing.T
	*venue

	// The engine's broker gives a publication its offset when it is in the history
	// already, where a subscription that recovers looks at it: a race of its own.
	broker sync.RWMutex

	mu     sync.Mutex
	node   *centrifuge.Node
	ws     http.Handler
	clocks map[string]int // connections per user, subscribes per "subscribe <channel>"
	rules  rules
}

// rules are what an engine allows, and for how long.
type rules struct {
	history  int           // publications that a channel keeps
	lives    time.Duration // of a token; 0: for ever
	missing  map[string]bool
	refuse   map[string]*centrifuge.Error // of a subscribe
	serverOf func(user string) []string   // server-side subscriptions
	pings    time.Duration
}

func newEngine(t *testing.T, r rules) *engine {
	t.Helper()
	e := &engine{t: t, rules: r, clocks: map[string]int{}}
	e.replace()
	e.venue = newVenue(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		ws := e.ws
		e.mu.Unlock()
		ws.ServeHTTP(w, r)
	}))
	t.Cleanup(e.shutdown)
	return e
}

// replace puts a fresh node in the place of the old one.
func (e *engine) replace() {
	e.t.Helper()
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone, ClientChannelLimit: 4096})
	if err != nil {
		e.t.Fatal(err)
	}
	node.OnConnecting(e.connecting)
	node.OnConnect(e.connected)
	if err := node.Run(); err != nil {
		e.t.Fatal(err)
	}
	config := centrifuge.WebsocketConfig{CheckOrigin: func(*http.Request) bool { return true }}
	if e.rules.pings > 0 {
		config.PingInterval, config.PongTimeout = e.rules.pings, e.rules.pings/2
	}
	e.mu.Lock()
	old := e.node
	e.node, e.ws = node, centrifuge.NewWebsocketHandler(node, config)
	e.mu.Unlock()
	if old != nil {
		_ = old.Shutdown(context.Background())
	}
}

func (e *engine) shutdown() { _ = e.now().Shutdown(context.Background()) }

func (e *engine) now() *centrifuge.Node {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.node
}

func (e *engine) set(change func(*rules)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.rules)
}

func (e *engine) ruled() rules {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rules
}

// A token is "user/until", the time in Unix milliseconds; an engine whose tokens
// live for ever takes a user alone.
func tokenFor(user string, lives time.Duration) string {
	return fmt.Sprintf("%s/%d", user, time.Now().Add(lives).UnixMilli())
}

var errNotAToken = errors.New("not a token")

func userOf(token string) (user string, until time.Time, err error) {
	user, rest, timed := strings.Cut(token, "/")
	if !timed {
		return user, time.Time{}, nil
	}
	var ms int64
	if _, err := fmt.Sscan(rest, &ms); err != nil {
		return "", time.Time{}, errNotAToken
	}
	return user, time.UnixMilli(ms), nil
}

func (e *engine) connecting(_ context.Context, c centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	user, until, err := userOf(c.Token)
	switch {
	case err != nil:
		return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
	case !until.IsZero() && until.Before(time.Now()):
		return centrifuge.ConnectReply{}, centrifuge.ErrorTokenExpired
	}
	e.mu.Lock()
	e.clocks[user]++
	e.mu.Unlock()
	reply := centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: user}, ClientSideRefresh: true}
	if !until.IsZero() {
		reply.Credentials.ExpireAt = until.Unix() + 1
	}
	if serverOf := e.ruled().serverOf; serverOf != nil {
		reply.Subscriptions = map[string]centrifuge.SubscribeOptions{}
		for _, channel := range serverOf(user) {
			reply.Subscriptions[channel] = centrifuge.SubscribeOptions{EnableRecovery: true, EmitPresence: true}
		}
	}
	return reply, nil
}

func (e *engine) connected(c *centrifuge.Client) {
	c.OnSubscribe(func(s centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
		e.broker.RLock()
		defer e.broker.RUnlock()
		r := e.ruled()
		reply := centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EnableRecovery: true, EmitPresence: true}}
		e.mu.Lock()
		e.clocks["subscribe "+s.Channel]++
		e.mu.Unlock()
		_, until, err := userOf(s.Token)
		if !until.IsZero() {
			reply.Options.ExpireAt, reply.ClientSideRefresh = until.Unix()+1, true
		}
		switch {
		case err != nil:
			answer(reply, centrifuge.ErrorPermissionDenied)
		case !until.IsZero() && until.Before(time.Now()):
			answer(reply, centrifuge.ErrorTokenExpired)
		case r.missing[s.Channel]:
			answer(reply, centrifuge.ErrorUnknownChannel)
		case r.refuse[s.Channel] != nil:
			answer(reply, r.refuse[s.Channel])
		default:
			answer(reply, nil)
		}
	})
	c.OnSubRefresh(func(r centrifuge.SubRefreshEvent, answer centrifuge.SubRefreshCallback) {
		_, until, err := userOf(r.Token)
		if err != nil || until.Before(time.Now()) {
			answer(centrifuge.SubRefreshReply{}, centrifuge.ErrorTokenExpired)
			return
		}
		answer(centrifuge.SubRefreshReply{ExpireAt: until.Unix() + 1}, nil)
	})
	c.OnPresence(func(p centrifuge.PresenceEvent, answer centrifuge.PresenceCallback) {
		if e.ruled().missing[p.Channel] {
			answer(centrifuge.PresenceReply{}, centrifuge.ErrorUnknownChannel)
			return
		}
		answer(centrifuge.PresenceReply{}, nil)
	})
	c.OnPublish(func(p centrifuge.PublishEvent, answer centrifuge.PublishCallback) {
		if e.ruled().refuse["publish "+p.Channel] != nil {
			answer(centrifuge.PublishReply{}, centrifuge.ErrorPermissionDenied)
			return
		}
		answer(centrifuge.PublishReply{Options: e.options()}, nil)
	})
	c.OnRPC(func(r centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
		answer(centrifuge.RPCReply{Data: fmt.Appendf(nil, `{"method":%q,"of":%s}`, r.Method, r.Data)}, nil)
	})
	c.OnMessage(func(centrifuge.MessageEvent) {})
	c.OnRefresh(func(r centrifuge.RefreshEvent, answer centrifuge.RefreshCallback) {
		_, until, err := userOf(r.Token)
		switch {
		case err != nil:
			answer(centrifuge.RefreshReply{}, centrifuge.DisconnectInvalidToken)
		case until.Before(time.Now()):
			answer(centrifuge.RefreshReply{Expired: true}, nil)
		default:
			answer(centrifuge.RefreshReply{ExpireAt: until.Unix() + 1}, nil)
		}
	})
}

func (e *engine) options() centrifuge.PublishOptions {
	return centrifuge.PublishOptions{HistorySize: e.ruled().history, HistoryTTL: time.Hour}
}

// publish says something in a channel of the node that is there now.
func (e *engine) publish(channel, data string) {
	e.broker.Lock()
	defer e.broker.Unlock()
	if _, err := e.now().Publish(channel, []byte(data), centrifuge.WithHistory(e.ruled().history, time.Hour)); err != nil {
		e.t.Errorf("publish to %s: %v", channel, err)
	}
}

// logins is how often a user has logged in.
func (e *engine) logins(user string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.clocks[user]
}

// subscribes is how often a channel was asked for.
func (e *engine) subscribes(channel string) int { return e.logins("subscribe " + channel) }
