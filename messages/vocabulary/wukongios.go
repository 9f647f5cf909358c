package vocabulary

import "github.com/seed14814784/holdfast/messages"

// WKIOSStatus is the connection status of the WuKongIM iOS SDK's documents.
type WKIOSStatus string

// The connection statuses of the WuKongIM iOS SDK's documents, and onKick,
// which is a callback of its own there.
const (
	WKIOSConnecting   WKIOSStatus = "WKConnecting"
	WKIOSConnected    WKIOSStatus = "WKConnected"
	WKIOSDisconnected WKIOSStatus = "WKDisconnected"
	WKIOSConnectFail  WKIOSStatus = "WKConnectFail"
	WKIOSOnKick       WKIOSStatus = "onKick"
)

// WKIOSReason is why a status of the WuKongIM iOS SDK changed.
type WKIOSReason string

// The reasons of the WuKongIM iOS SDK's documents.
const (
	WKIOSConnectSuccess WKIOSReason = "WKReasonConnectSuccess"
	WKIOSConnectTimeout WKIOSReason = "WKReasonConnectTimeout"
	WKIOSAuthFail       WKIOSReason = "WKReasonAuthFail"
	WKIOSNetworkError   WKIOSReason = "WKReasonNetworkError"
	WKIOSKickOff        WKIOSReason = "WKReasonKickOff"
)

// WKIOSChange is what a connection delegate of the SDK is called with.
type WKIOSChange struct {
	Status WKIOSStatus
	Reason WKIOSReason // "" if the documents name none
}

// String renders the change, such as "WKConnectFail WKReasonAuthFail".
func (c WKIOSChange) String() string {
	if c.Reason == "" {
		return string(c.Status)
	}
	return string(c.Status) + " " + string(c.Reason)
}

// WuKongIOS translates into the statuses and reasons of the WuKongIM iOS SDK's
// documents.
func WuKongIOS() *Translator[WKIOSChange] { return translator(wuKongIOS) }

func wuKongIOS(m *memory[WKIOSChange], change messages.StatusChanged) []WKIOSChange {
	switch change.Cur {
	case messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating:
		return []WKIOSChange{{Status: WKIOSConnecting}}
	case messages.Ready:
		return []WKIOSChange{{WKIOSConnected, WKIOSConnectSuccess}}
	case messages.Backoff:
		if !m.ever {
			return []WKIOSChange{{WKIOSConnectFail, wkIOSReason(change.Reason.Code)}}
		}
		return []WKIOSChange{{WKIOSDisconnected, wkIOSReason(change.Reason.Code)}}
	case messages.Suspended:
		return []WKIOSChange{{WKIOSDisconnected, wkIOSReason(change.Reason.Code)}}
	case messages.Held:
		if paused(change) {
			return []WKIOSChange{{Status: WKIOSDisconnected}}
		}
		return []WKIOSChange{{WKIOSDisconnected, WKIOSNetworkError}}
	case messages.Closed:
		return []WKIOSChange{{Status: WKIOSDisconnected}}
	case messages.Kicked:
		return []WKIOSChange{{WKIOSOnKick, WKIOSKickOff}, {WKIOSDisconnected, WKIOSKickOff}}
	case messages.Failed:
		return []WKIOSChange{{WKIOSConnectFail, wkIOSReason(change.Reason.Code)}}
	default:
		return nil
	}
}

// wkIOSReason folds our codes into the few that a lost connection can have
// there. Silence on a live connection is the network's fault, not a connect
// timeout.
func wkIOSReason(code messages.Code) WKIOSReason {
	switch code {
	case messages.ReasonDialTimeout, messages.ReasonHandshakeTimeout, messages.ReasonAuthTimeout,
		messages.ReasonSyncTimeout, messages.ReasonGiveUpDeadline, messages.ReasonAdmissionTimeout,
		messages.ReasonRetriesExhausted, messages.ReasonRetryTimeExhausted:
		return WKIOSConnectTimeout
	default:
		if code/100 == 4 {
			return WKIOSAuthFail
		}
		return WKIOSNetworkError
	}
}
