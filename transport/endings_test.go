package transport

import (
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestEndingsGiveCloseCodesAMeaning(t *testing.T) {
	protocol := Endings(Raw(), map[int]messages.Code{4001: messages.ReasonKickedOtherDevice})
	session := protocol.NewSession(Opening{})
	for name, c := range map[string]struct{ in, want messages.Reason }{
		"a code that is named": {
			messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 4001, Text: "replaced"}},
			messages.Reason{Code: messages.ReasonKickedOtherDevice, Wire: messages.Wire{Scheme: "websocket", Code: 4001, Text: "replaced"}},
		},
		"a code that is not": {
			messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 1001}},
			messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 1001}},
		},
		"the same number in another scheme": {
			messages.Reason{Code: messages.ReasonReadError, Wire: messages.Wire{Scheme: "os", Code: 4001}},
			messages.Reason{Code: messages.ReasonReadError, Wire: messages.Wire{Scheme: "os", Code: 4001}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := session.Ending(c.in); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	if _, ok := session.(Renewer); ok {
		t.Error("a session that cannot renew can after it was wrapped")
	}
}
