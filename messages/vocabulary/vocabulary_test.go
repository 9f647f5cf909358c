package vocabulary_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
)

// words are what each vocabulary says about one change; "-" is silence.
type words struct{ ZIM, WuKong, IOS, Pk, Socket, Ably, Centrifugo, NATS string }

// speaker says every vocabulary at once.
type speaker struct {
	zim        *vocabulary.Translator[vocabulary.ZIMChange]
	wukong     *vocabulary.Translator[vocabulary.WKChange]
	ios        *vocabulary.Translator[vocabulary.WKIOSChange]
	pk         *vocabulary.Translator[vocabulary.PkStatus]
	socket     *vocabulary.Translator[vocabulary.SocketStatus]
	ably       *vocabulary.Translator[vocabulary.AblyChange]
	centrifugo *vocabulary.Translator[vocabulary.CentrifugoChange]
	nats       *vocabulary.Translator[vocabulary.NATSStatus]
}

func newSpeaker() speaker {
	return speaker{
		vocabulary.ZIM(), vocabulary.WuKongFlutter(), vocabulary.WuKongIOS(), vocabulary.Pk(),
		vocabulary.Socket(), vocabulary.Ably(), vocabulary.Centrifugo(), vocabulary.NATS(),
	}
}

func (s speaker) translate(change messages.StatusChanged) words {
	return words{
		ZIM: join(s.zim, change), WuKong: join(s.wukong, change), IOS: join(s.ios, change), Pk: join(s.pk, change),
		Socket: join(s.socket, change), Ably: join(s.ably, change), Centrifugo: join(s.centrifugo, change), NATS: join(s.nats, change),
	}
}

func join[W vocabulary.Word](t *vocabulary.Translator[W], change messages.StatusChanged) string {
	var all []string
	for _, word := range t.Translate(change) {
		all = append(all, word.String())
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

// This is the table of the reference, 3.1 of part B: each line is one status as
// a translator meets it that has said nothing yet.
func TestEveryStatusInEveryVocabulary(t *testing.T) {
	up := messages.StatusChanged{Prev: messages.Ready}      // it was Ready since Connect
	never := messages.StatusChanged{Prev: messages.Dialing} // it was not
	was := func(c messages.StatusChanged, cur messages.Status, code messages.Code) messages.StatusChanged {
		c.Cur, c.Reason = cur, messages.Reason{Code: code}
		return c
	}
	covered := map[messages.Status]bool{}
	for _, row := range []struct {
		change messages.StatusChanged
		want   words
	}{
		{was(never, messages.Idle, 0), words{"(0,0)", "-", "-", "disconnected", "-", "INITIALIZED", "disconnected", "-"}},

		{was(never, messages.Queued, 0), words{"(1,1)", "-", "WKConnecting", "connecting", "-", "CONNECTING", "connecting", "CONNECTING"}},
		{was(never, messages.Preparing, 0), words{"(1,1)", "connecting", "WKConnecting", "connecting", "-", "CONNECTING", "connecting", "CONNECTING"}},
		{was(never, messages.Dialing, 0), words{"(1,1)", "-", "WKConnecting", "connecting", "-", "CONNECTING", "connecting", "CONNECTING"}},
		{was(never, messages.Authenticating, 0), words{"(1,1)", "-", "WKConnecting", "connecting", "-", "CONNECTING", "connecting", "CONNECTING"}},
		{was(never, messages.Syncing, 0), words{"(1,1)", "syncMsg", "-", "connecting", "-", "CONNECTING", "connecting", "-"}},

		{was(up, messages.Queued, 0), words{"(3,3)", "-", "WKConnecting", "reconnecting", "SocketStatusFailed", "CONNECTING", "connecting", "RECONNECTING"}},
		{was(up, messages.Preparing, 0), words{"(3,3)", "connecting", "WKConnecting", "reconnecting", "SocketStatusFailed", "CONNECTING", "connecting", "RECONNECTING"}},
		{was(up, messages.Dialing, 0), words{"(3,3)", "-", "WKConnecting", "reconnecting", "SocketStatusFailed", "CONNECTING", "connecting", "RECONNECTING"}},
		{was(up, messages.Authenticating, 0), words{"(3,3)", "-", "WKConnecting", "reconnecting", "SocketStatusFailed", "CONNECTING", "connecting", "RECONNECTING"}},
		{was(up, messages.Syncing, 0), words{"(3,3)", "syncMsg", "-", "reconnecting", "-", "CONNECTING", "connecting", "-"}},

		{messages.StatusChanged{Prev: messages.Syncing, Cur: messages.Ready}, words{"(2,0)", "syncCompleted", "WKConnected WKReasonConnectSuccess", "connected", "SocketStatusConnected", "CONNECTED", "connected", "CONNECTED"}},
		{messages.StatusChanged{Prev: messages.Authenticating, Cur: messages.Ready, Node: "1001"}, words{"(2,0)", "success node=1001", "WKConnected WKReasonConnectSuccess", "connected", "SocketStatusConnected", "CONNECTED", "connected", "CONNECTED"}},
		{messages.StatusChanged{Prev: messages.Authenticating, Cur: messages.Syncing, Node: "1001"}, words{"(1,1)", "success node=1001, syncMsg", "-", "connecting", "-", "CONNECTING", "connecting", "-"}},

		{was(never, messages.Backoff, messages.ReasonRefused), words{"(1,1)", `fail "Refused"`, "WKConnectFail WKReasonNetworkError", "connecting", "SocketStatusFailed", "DISCONNECTED", "connecting", "DISCONNECTED, RECONNECTING"}},
		{was(never, messages.Backoff, messages.ReasonDialTimeout), words{"(1,1)", `fail "DialTimeout"`, "WKConnectFail WKReasonConnectTimeout", "connecting", "SocketStatusFailed", "DISCONNECTED", "connecting", "DISCONNECTED, RECONNECTING"}},
		{was(never, messages.Backoff, messages.ReasonAuthRejected), words{"(1,1)", `fail "auth: AuthRejected"`, "WKConnectFail WKReasonAuthFail", "connecting", "SocketStatusFailed", "DISCONNECTED", "connecting", "DISCONNECTED, RECONNECTING"}},
		{was(up, messages.Backoff, messages.ReasonPongTimeout), words{"(3,3)", `fail "PongTimeout"`, "WKDisconnected WKReasonNetworkError", "reconnecting", "SocketStatusFailed", "DISCONNECTED", "connecting", "DISCONNECTED, RECONNECTING"}},
		{was(up, messages.Suspended, messages.ReasonReadEOF), words{"(3,3)", `fail "ReadEOF"`, "WKDisconnected WKReasonNetworkError", "reconnecting", "SocketStatusFailed", "SUSPENDED", "connecting", "RECONNECTING"}},
		{was(up, messages.Held, messages.ReasonNetworkDown), words{"(3,3)", "noNetwork", "WKDisconnected WKReasonNetworkError", "reconnecting", "SocketStatusFailed", "DISCONNECTED", "connecting", "DISCONNECTED"}},
		{was(up, messages.Held, messages.ReasonPaused), words{"(3,3)", `fail "paused"`, "WKDisconnected", "reconnecting", "SocketStatusClosed", "DISCONNECTED", "disconnected", "-"}},

		{was(up, messages.Draining, messages.ReasonDrain), words{"-", "-", "-", "disconnecting", "SocketStatusClosed", "CLOSING", "-", "DRAINING_SUBS"}},
		{was(up, messages.Closing, messages.ReasonUserDisconnect), words{"-", "-", "-", "disconnecting", "SocketStatusClosed", "CLOSING", "-", "DRAINING_PUBS"}},
		{was(up, messages.Closed, messages.ReasonUserDisconnect), words{"(0,0)", `fail ""`, "WKDisconnected", "disconnected", "SocketStatusClosed", "CLOSED", "disconnected", "CLOSED"}},
		{was(up, messages.Kicked, messages.ReasonKickedOtherDevice), words{"(0,4)", "kicked", "onKick WKReasonKickOff, WKDisconnected WKReasonKickOff", "error", "SocketStatusFailed", "FAILED", "disconnected(3503)", "CLOSED"}},
		{was(up, messages.Failed, messages.ReasonCredUnavailable), words{"(0,5)", `fail "auth: CredUnavailable"`, "WKConnectFail WKReasonAuthFail", "error", "SocketStatusFailed", "FAILED", "disconnected(3500)", "CLOSED"}},
		{was(up, messages.Failed, messages.ReasonCredExpired), words{"(0,5)", `fail "auth: CredExpired"`, "WKConnectFail WKReasonAuthFail", "error", "SocketStatusFailed", "FAILED", "disconnected(3500)", "CLOSED"}},
		{was(up, messages.Failed, messages.ReasonUnregistered), words{"(0,6)", `fail "Unregistered"`, "WKConnectFail WKReasonNetworkError", "error", "SocketStatusFailed", "FAILED", "disconnected", "CLOSED"}},
		{was(never, messages.Failed, messages.ReasonGiveUpDeadline), words{"(0,2)", `fail "GiveUpDeadline"`, "WKConnectFail WKReasonConnectTimeout", "error", "SocketStatusFailed", "FAILED", "disconnected", "CLOSED"}},
		{was(never, messages.Failed, messages.ReasonRetriesExhausted), words{"(0,2)", `fail "RetriesExhausted"`, "WKConnectFail WKReasonConnectTimeout", "error", "SocketStatusFailed", "FAILED", "disconnected", "CLOSED"}},
	} {
		if got := newSpeaker().translate(row.change); got != row.want {
			t.Errorf("%s -> %s %s\n  says %s\n  want %s", row.change.Prev, row.change.Cur, row.change.Reason, show(got), show(row.want))
		}
		covered[row.change.Cur] = true
	}
	for _, status := range messages.Statuses() {
		if !covered[status] {
			t.Errorf("%s is missing in the table", status)
		}
	}
}

func show(w words) string { return fmt.Sprintf("%q", w) }

func TestNothingIsSaidTwiceInARow(t *testing.T) {
	s := newSpeaker()
	s.translate(messages.StatusChanged{Prev: messages.Idle, Cur: messages.Queued})
	s.translate(messages.StatusChanged{Prev: messages.Queued, Cur: messages.Preparing})
	got := s.translate(messages.StatusChanged{Prev: messages.Preparing, Cur: messages.Dialing})
	if want := (words{"-", "-", "-", "-", "-", "-", "-", "-"}); got != want {
		t.Errorf("dialing says %s after connecting was said", show(got))
	}
}

func TestConnectBeginsANewLife(t *testing.T) {
	s := newSpeaker()
	s.translate(messages.StatusChanged{Prev: messages.Syncing, Cur: messages.Ready})
	s.translate(messages.StatusChanged{Prev: messages.Ready, Cur: messages.Closing})
	s.translate(messages.StatusChanged{Prev: messages.Closing, Cur: messages.Closed})
	got := s.translate(messages.StatusChanged{Prev: messages.Closed, Cur: messages.Queued})
	if want := (words{"(1,1)", "-", "WKConnecting", "connecting", "-", "CONNECTING", "connecting", "CONNECTING"}); got != want {
		t.Errorf("a new login says %s, want %s", show(got), show(want))
	}
}

func TestRetriesOfOneOutageAreTold(t *testing.T) {
	s := newSpeaker()
	eof, refused := messages.Reason{Code: messages.ReasonReadEOF}, messages.Reason{Code: messages.ReasonRefused}
	s.translate(messages.StatusChanged{Prev: messages.Ready, Cur: messages.Backoff, Reason: eof, RetryIn: time.Second})
	s.translate(messages.StatusChanged{Prev: messages.Backoff, Cur: messages.Queued})
	got := s.translate(messages.StatusChanged{Prev: messages.Dialing, Cur: messages.Backoff, Reason: refused, RetryIn: 2 * time.Second})
	want := words{"-", `fail "Refused"`, "WKDisconnected WKReasonNetworkError", "-", "-", "DISCONNECTED retryIn=2s", "-", "-"}
	if got != want {
		t.Errorf("the second failure says %s, want %s", show(got), show(want))
	}
	got = s.translate(messages.StatusChanged{Prev: messages.Backoff, Cur: messages.Held, Reason: messages.Reason{Code: messages.ReasonNetworkDown}})
	want = words{"-", "noNetwork", "-", "-", "-", "-", "-", "DISCONNECTED"}
	if got != want {
		t.Errorf("losing the network says %s, want %s", show(got), show(want))
	}
}

func TestWuKongSaysAuthForEveryReasonAboutCredentials(t *testing.T) {
	for _, code := range messages.Codes() {
		said := vocabulary.WuKongFlutter().Translate(messages.StatusChanged{Prev: messages.Ready, Cur: messages.Failed, Reason: messages.Reason{Code: code}})
		if got, want := strings.Contains(said[0].Reason, "auth"), code/100 == 4; got != want {
			t.Errorf("%s is told as %q", code, said[0].Reason)
		}
	}
}

func TestCentrifugoKeepsTheServersCode(t *testing.T) {
	said := vocabulary.Centrifugo().Translate(messages.StatusChanged{Prev: messages.Ready, Cur: messages.Kicked, Reason: messages.Reason{
		Code: messages.ReasonKickedByAdmin, Wire: messages.Wire{Scheme: "centrifugo", Code: 3504},
	}})
	want := []vocabulary.CentrifugoChange{{State: vocabulary.CentrifugoDisconnected, Code: 3504}}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("said %v, want %v", said, want)
	}
}

func TestZIMErrors(t *testing.T) {
	for code, want := range map[messages.Code]vocabulary.ZIMError{
		messages.ReasonOK:             0,
		messages.ReasonNotConnected:   6000121,
		messages.ReasonRateLimited:    6000004,
		messages.ReasonReadEOF:        6000104,
		messages.ReasonAuthTimeout:    6000105,
		messages.ReasonAuthRejected:   6000103,
		messages.ReasonCredExpired:    6000106,
		messages.ReasonServerError:    6000102,
		messages.ReasonRoomNotExist:   6000322,
		messages.ReasonOutboxFull:     6000101,
		messages.ReasonSessionInvalid: 6000102,

		messages.ReasonRecovered:            0,
		messages.ReasonAlreadyInRoom:        6000320,
		messages.ReasonRoomHeartbeatTimeout: 6000321,
		messages.ReasonDisbanded:            6000322,
		messages.ReasonCreateFailed:         6000303,
		messages.ReasonJoinRejected:         6000304,
		messages.ReasonJoinTimeout:          6000105,
		messages.ReasonRoomLimit:            6000325,
		messages.ReasonInterrupted:          6000326,
		messages.ReasonBlocked:              6000327,
		messages.ReasonConnTerminal:         6000121,
		messages.ReasonPermissionRevoked:    6000301,
	} {
		if got := vocabulary.ZIMErrorOf(code); got != want {
			t.Errorf("%s is told as %d, want %d", code, got, want)
		}
	}
}

func TestEveryReasonThatIsNoSuccessIsAZIMError(t *testing.T) {
	fine := map[messages.Code]bool{
		messages.ReasonOK: true, messages.ReasonJoined: true,
		messages.ReasonRecovered: true, messages.ReasonRejoinedWithGap: true,
	}
	for _, code := range messages.Codes() {
		if got := vocabulary.ZIMErrorOf(code); (got == vocabulary.ZIMErrorNone) != fine[code] {
			t.Errorf("%s is told as %d", code, got)
		}
	}
}

func TestUnknownNumbersHaveNames(t *testing.T) {
	for got, want := range map[string]string{
		vocabulary.WKStatus(-1).String():  "WKStatus(-1)",
		vocabulary.WKStatus(7).String():   "WKStatus(7)",
		vocabulary.NATSStatus(7).String(): "NATSStatus(7)",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
