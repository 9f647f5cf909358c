package vocabulary

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// WKStatus is WKConnectStatus of the WuKongIM Flutter SDK.
type WKStatus int

// The connection statuses of the WuKongIM Flutter SDK.
const (
	WKFail          WKStatus = 0
	WKSuccess       WKStatus = 1
	WKKicked        WKStatus = 2
	WKSyncMsg       WKStatus = 3
	WKConnecting    WKStatus = 4
	WKNoNetwork     WKStatus = 5
	WKSyncCompleted WKStatus = 6
)

var wkNames = [...]string{
	"fail", "success", "kicked", "syncMsg", "connecting", "noNetwork", "syncCompleted",
}

// String returns the status's name, such as "syncMsg".
func (s WKStatus) String() string {
	if s >= 0 && int(s) < len(wkNames) {
		return wkNames[s]
	}
	return "WKStatus" + number(int(s))
}

// WKChange is what a connection listener of the SDK is called with.
type WKChange struct {
	Status WKStatus
	Reason string // in fail: why; contains "auth" if credentials are the cause
	NodeID string // in success: the server node
}

// String renders the change, such as "success node=1" or `fail "ReadEOF"`.
func (c WKChange) String() string {
	line := c.Status.String()
	if c.NodeID != "" {
		line += " node=" + c.NodeID
	}
	if c.Status == WKFail {
		line += fmt.Sprintf(" %q", c.Reason)
	}
	return line
}

// WuKongFlutter translates into the connection statuses of the WuKongIM Flutter
// SDK. The login itself is a word there: success, with the node.
func WuKongFlutter() *Translator[WKChange] { return translator(wuKongFlutter) }

func wuKongFlutter(_ *memory[WKChange], change messages.StatusChanged) []WKChange {
	var words []WKChange
	say := func(status WKStatus) { words = append(words, WKChange{Status: status}) }
	fail := func(why string) { words = append(words, WKChange{Status: WKFail, Reason: why}) }

	if change.Prev == messages.Authenticating && (change.Cur == messages.Syncing || change.Cur == messages.Ready) {
		words = append(words, WKChange{Status: WKSuccess, NodeID: change.Node})
	}
	switch change.Cur {
	case messages.Preparing:
		say(WKConnecting)
	case messages.Syncing:
		say(WKSyncMsg)
	case messages.Ready:
		if change.Prev == messages.Syncing {
			say(WKSyncCompleted)
		}
	case messages.Backoff, messages.Suspended, messages.Failed:
		fail(wkReason(change.Reason))
	case messages.Held:
		if paused(change) {
			fail("paused")
		} else {
			say(WKNoNetwork)
		}
	case messages.Kicked:
		say(WKKicked)
	case messages.Closed:
		fail("")
	default: // no word for it
	}
	return words
}

// wkReason words a reason so that the test programs do on it still works: they
// look for "auth" in the text to decide whether to log in again.
func wkReason(reason messages.Reason) string {
	if reason.Code/100 == 4 {
		return "auth: " + reason.String()
	}
	return reason.String()
}
