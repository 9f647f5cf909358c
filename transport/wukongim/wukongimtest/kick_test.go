package wukongimtest

import (
	"testing"
	"time"
)

func TestV2AKickIsWordsBeforeTheNewLoginAndLeavesAZombie(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		old := w.online(h, h.Server, "alice", deviceID("old"))
		h.transcript.Clear()
		w.online(h, h.Server, "alice", deviceID("new"))
		h.told(`
			us>    alice CONNECT v5 device=0 "new"
			peer>  alice DISCONNECT 12 "login in other device"
			peer>  alice CONNACK 1 v5
		`)
		old.hears(`DISCONNECT 12 "login in other device"`)
		old.ping()
		old.hears("PONG") // for two seconds it is not a zombie yet
		h.zombie(old, bob)
	})
}

// zombie checks that the connection is one, from two seconds on.
func (h *house) zombie(old, bob *client) {
	h.Helper()
	h.at(2 * time.Second)
	old.ping()
	old.hears(quiet)
	old.send("bob", 1, "from the grave")
	old.hears(quiet)
	bob.hears(`RECV alice/1 seq=1 from=alice "from the grave" redDot`)
	bob.send("alice", 1, "are you there?")
	bob.hears("SENDACK 1 seq=2 redDot")
	old.hears(quiet)
	h.ends(old, "eof", 270*time.Second-time.Since(h.began))
}
