package transport

import (
	"net/http"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestCheckReportsEveryBadFieldAtOnce(t *testing.T) {
	w := &WebSocket{
		MessageLimit: -1, FrameLimit: -1, WriteLimit: -1, WriteTimeout: -1, HandshakeTimeout: -1,
		Header:       http.Header{"Upgrade": {"x"}, "Sec-WebSocket-Protocol": {"a"}, "Bad Name": {"x"}, "X": {"a\nb"}},
		Subprotocols: []string{"", "a", "a"},
	}
	joined, ok := w.Check().(interface{ Unwrap() []error })
	if !ok {
		t.Fatal("not joined")
	}
	errs := joined.Unwrap()
	same(t, "count", len(errs), 11)
	for _, err := range errs {
		same(t, err.Error(), reasonFor(t, err).Code, messages.ReasonInvalidSpec)
	}
	same(t, "the zero value", new(WebSocket).Check(), error(nil))
	same(t, "a frame above a message", reasonFor(t, (&WebSocket{MessageLimit: 1, FrameLimit: 2}).Check().(interface{ Unwrap() []error }).Unwrap()[0]).Code, messages.ReasonInvalidSpec)
}
