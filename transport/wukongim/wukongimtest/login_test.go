package wukongimtest

import (
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
