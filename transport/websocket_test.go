package transport

import (
	"net/http"
	"strings"
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

func TestWhatIsNilIsReportedBeforeItIsUsed(t *testing.T) {
	for sentence, part := range map[string]interface{ Check() error }{
		"an address callback": AddressFunc(nil),
		"a dialer's function": DialerFunc(nil),
		"a WebSocket":         (*WebSocket)(nil),
		"a protocol inside":   Endings(nil, nil).(interface{ Check() error }),
	} {
		reason := reasonFor(t, part.Check())
		same(t, sentence, reason.Code, messages.ReasonInvalidSpec)
		if !strings.Contains(reason.Detail, "nil; use ") {
			t.Errorf("%s: no advice in %q", sentence, reason.Detail)
		}
	}
	same(t, "an address callback that is there", AddressFunc(Static("ws://h").Resolve).Check(), error(nil))
	same(t, "a function that is there", DialerFunc(new(WebSocket).Dial).Check(), error(nil))
}
