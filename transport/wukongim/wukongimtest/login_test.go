package wukongimtest

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

func TestV2ARefusedLoginIsSilenceAndAnEndAfterSixSeconds(t *testing.T) {
	for sentence, login := range map[string]func(w way, h *house) *client{
		"a wrong token":      func(w way, h *house) *client { return w.login(h, h.Server, "alice", token("wrong")) },
		"no token":           func(w way, h *house) *client { return w.login(h, h.Server, "alice", token("")) },
		"nobody of that uid": func(w way, h *house) *client { return w.login(h, h.Server, "mallory") },
		"another device flag": func(w way, h *house) *client {
			return w.login(h, h.Server, "alice", func(p *wire.Connect) { p.Device = 1 })
		},
		"a uid that is banned": func(w way, h *house) *client {
			h.post("/channel/info", `{"channel_id":"alice","channel_type":1,"ban":1}`)
			return w.login(h, h.Server, "alice")
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			in(t, V2, func(h *house, w way) {
				c := login(w, h)
				c.ping() // nobody answers
				h.ends(c, "eof", 6*time.Second)
			})
		})
	}
}

// closing is how a server of the profile ends a connection when it wants to.
func (w way) closing(profile Profile) string {
	if w.web && profile == V3 {
		return "close 1000"
	}
	return "eof"
}

// both runs a test for both profiles and all ways.
func both(t *testing.T, test func(h *house, w way, profile Profile), options ...Option) {
	t.Helper()
	for _, profile := range []Profile{V2, V3} {
		t.Run(profile.String(), func(t *testing.T) {
			in(t, profile, func(h *house, w way) { test(h, w, profile) }, options...)
		})
	}
}

func TestV3LetsEverybodyIn(t *testing.T) {
	in(t, V3, func(h *house, w way) {
		h.post("/channel/info", `{"channel_id":"carol","channel_type":1,"ban":1}`)
		w.online(h, h.Server, "alice", token("wrong"))
		w.online(h, h.Server, "bob", token(""))
		w.online(h, h.Server, "carol")
		w.online(h, h.Server, "mallory@home")
		same(h, h.Online(), []string{"alice", "bob", "carol", "mallory@home"})
	})
}

func TestV2AUIDWithAReservedCharacterIsClosedAtOnce(t *testing.T) {
	for _, uid := range []string{"a@b", "a#b", "&"} {
		in(t, V2, func(h *house, w way) {
			h.AddUser(uid, "token-"+uid)
			h.ends(w.login(h, h.Server, uid), "eof", 0)
		})
	}
}

func TestV2AnEmptyKeyIsSilenceAndACurse(t *testing.T) {
	for _, w := range ways[:2] {
		alone(t, V2, func(h *house) {
			keyless := func(p *wire.Connect) { p.Key = "" }
			h.ends(w.login(h, h.Server, "alice", keyless), "eof", 6*time.Second)
			h.ends(w.login(h, h.Server, "alice"), "reset", 3*time.Second)
			w.online(h, h.Server, "alice")
		})
	}
}

// The answer is the one that was seen: without a version, and with a node.
func TestV3AnEmptyKeyIsRefusedInAFrameOfItsOwn(t *testing.T) {
	in(t, V3, func(h *house, w way) {
		c := w.dial(h, h.Server)
		c.connect("alice", func(p *wire.Connect) { p.Key = "" })
		if err := c.fill(); err != nil {
			h.Fatal(err)
		}
		same(h, hex.EncodeToString(c.rest), "2015"+"0000000000000000"+"15"+"0000"+"0000"+"0000000000000000")
		c.hears("CONNACK 21 v0", w.closing(V3))
	})
}

func TestTheLowerVersionIsSpoken(t *testing.T) {
	type spoken struct{ said, lives byte }
	for profile, want := range map[Profile]map[byte]spoken{
		V2: {3: {0, 3}, 4: {4, 4}, 5: {5, 5}, 6: {5, 5}, 9: {5, 5}},
		V3: {3: {0, 3}, 4: {4, 4}, 5: {5, 5}, 6: {6, 6}, 9: {6, 6}},
	} {
		for offered, v := range want {
			alone(t, profile, func(h *house) {
				alice := ways[0].online(h, h.Server, "alice", func(p *wire.Connect) { p.Version = offered })
				got := spoken{alice.connack.ServerVersion, h.Conns("alice")[0].Version()}
				same(h, []any{profile, offered, got, alice.connack.Node > 0}, []any{profile, offered, v, offered > 3})
				alice.send("alice", 1, "to myself")
				alice.hears(map[Profile]string{V2: "SENDACK 1 seq=1 redDot", V3: "SENDACK 1 seq=1"}[profile])
			})
		}
	}
}

func TestTheClockOfTheClientIsComparedWithTheServers(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		c := w.online(h, h.Server, "alice", func(p *wire.Connect) { p.At += 5000 })
		same(h, c.connack.TimeDiff, int64(-5000))
		c = w.online(h, h.Server, "bob", func(p *wire.Connect) { p.At = 0 })
		same(h, c.connack.TimeDiff, time.Now().UnixMilli())
	})
}

func TestAConnectionThatSaysNothingEnds(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		after := map[Profile]time.Duration{V2: 3 * time.Second, V3: 180 * time.Second}[profile]
		h.ends(w.dial(h, h.Server), w.closing(profile), after)
	})
}

func TestAWebSocketThatIsNeverOneEnds(t *testing.T) {
	alone(t, V2, func(h *house) {
		c := ways[0].dial(h, &Server{TCP: strings.Replace(h.TCP, "5100", "5200", 1), api: h.api})
		h.ends(c, "eof", 3*time.Second)
	})
}

func TestTheFirstFrameIsALogin(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		c := w.dial(h, h.Server)
		c.ping()
		h.ends(c, w.closing(profile), 0)
	})
}

func TestASecondLoginOnAConnectionIsIgnoredOrEndsIt(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		c := w.online(h, h.Server, "alice")
		c.connect("alice")
		if profile == V3 {
			c.hears(w.closing(profile))
			return
		}
		c.ping()
		c.hears("PONG")
		same(h, len(h.Conns()), 1)
	})
}

func TestAPlainSessionHasNeitherKeyNorSalt(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice, bob := w.online(h, h.Server, "alice", func(p *wire.Connect) { p.Key = "" }), w.online(h, h.Server, "bob")
		same(h, []string{alice.connack.Key, alice.connack.Salt}, []string{"", ""})
		alice.send("bob", 1, "plain")
		bob.hears(`RECV alice/1 seq=1 from=alice "plain" redDot`)
		same(h, len(bob.last.MsgKey), 0)
		alice.send("bob", 1, "again")
		bob.hears(`RECV alice/1 seq=2 from=alice "again" redDot`)
		var kept []string
		for _, m := range h.Received() {
			kept = append(kept, string(m.Payload))
		}
		same(h, kept, []string{"plain", "again"})
	}, WithoutEncryption())
}

func TestEverySessionHasKeysOfItsOwn(t *testing.T) {
	alone(t, V2, func(h *house) {
		one, two := ways[0].online(h, h.Server, "alice"), ways[1].online(h, h.Server, "bob")
		if one.connack.Key == two.connack.Key || one.connack.Salt == two.connack.Salt || len(one.connack.Salt) != 16 {
			h.Error(one.connack, two.connack)
		}
	})
}

func TestALoginFailsAsPlanned(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		h.Refuse("alice", 19)
		h.Ignore("alice")
		version := map[Profile]string{V2: " v5", V3: " v0"}[profile]
		w.login(h, h.Server, "alice").hears("CONNACK 19"+version, w.closing(profile))
		ignored := w.login(h, h.Server, "alice")
		ignored.ping()
		ignored.hears(quiet)
		w.online(h, h.Server, "alice")
		h.ends(ignored, w.closing(profile), h.idle-aWhile)
	})
}

func TestAnOldClientIsRefusedWithoutAVersion(t *testing.T) {
	alone(t, V2, func(h *house) {
		h.Refuse("alice", 19)
		alice := ways[0].login(h, h.Server, "alice", func(p *wire.Connect) { p.Version = wire.VersionExpire })
		alice.hears("CONNACK 19 v0", "eof")
		same(h, alice.connack, wire.Connack{Reason: 19})
	})
}
