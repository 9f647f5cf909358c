package wukongim

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReasonsMeanDifferentThingsInDifferentPlaces(t *testing.T) {
	type meanings struct{ login, send, disconnect string }
	for reason, want := range map[ReasonCode]meanings{
		0:   {"ServerError", "ServerError", "PeerClose"},
		1:   {"OK", "OK", "PeerClose"},
		2:   {"AuthRejected", "AuthRejected", "AuthRejected"},
		3:   {"ServerError", "NotInRoom", "PeerClose"},
		4:   {"ServerError", "Blocked", "PeerClose"},
		5:   {"ServerError", "RoomNotExist", "PeerClose"},
		6:   {"Moved", "ServerError", "Moved"},
		7:   {"ServerError", "ServerError", "PeerClose"},
		8:   {"ServerError", "Nack", "PeerClose"},
		9:   {"ServerError", "Nack", "PeerClose"},
		10:  {"ServerError", "ServerError", "PeerClose"},
		11:  {"ServerError", "PermissionRevoked", "PeerClose"},
		12:  {"KickedOtherDevice", "ServerError", "KickedOtherDevice"},
		13:  {"ServerError", "PermissionRevoked", "PeerClose"},
		14:  {"ServerError", "ServerError", "PeerClose"},
		15:  {"ServerError", "ServerError", "ServerError"},
		16:  {"ServerError", "InvalidSpec", "PeerClose"},
		17:  {"Moved", "ServerError", "Moved"},
		18:  {"Moved", "ServerError", "Moved"},
		19:  {"Banned", "PermissionRevoked", "Banned"},
		20:  {"ServerError", "NotSupported", "PeerClose"},
		21:  {"NotAllowed", "NotSupported", "NotAllowed"},
		22:  {"RateLimited", "RateLimited", "RateLimited"},
		23:  {"ServerError", "InvalidSpec", "PeerClose"},
		24:  {"ServerError", "Disbanded", "PeerClose"},
		25:  {"ServerError", "PermissionRevoked", "PeerClose"},
		26:  {"ServerError", "Disbanded", "PeerClose"},
		27:  {"UnsupportedVersion", "NotSupported", "UnsupportedVersion"},
		28:  {"ServerError", "Duplicate", "PeerClose"},
		29:  {"ServerError", "ServerError", "PeerClose"},
		30:  {"ServerError", "Nack", "PeerClose"},
		255: {"ServerError", "Nack", "PeerClose"},
	} {
		got := meanings{reason.login().Code.String(), reason.send().Code.String(), reason.disconnect("words").Code.String()}
		if got != want {
			t.Errorf("%d %s means %+v, want %+v", reason, reason, got, want)
		}
	}
}

// Only these are final; everything else, known or not, is tried again, and nothing
// that a server says about a message ends the channel.
func TestOnlyWhatTheServerClearlyMeansForGoodIsFinal(t *testing.T) {
	final := []ReasonCode{ReasonConnectKick, ReasonBan, ReasonClientKeyIsEmpty, ReasonProtocolUpgradeRequired}
	for n := range 256 {
		c := ReasonCode(n)
		login, ending := c.login(), c.disconnect("words")
		if want := slices.Contains(final, c); login.Class().Final() != want || ending.Class().Final() != want {
			t.Errorf("%s: a login %s, an ending %s", c, login.Class(), ending.Class())
		}
		if c != ReasonSuccess && (login.Class() == messages.ClassLocal || login.IsZero()) || ending.Class() == messages.ClassLocal {
			t.Errorf("%s would be our own doing: %s, %s", c, login, ending)
		}
		if send := c.send(); send.Class().Final() || (c == ReasonSuccess) != send.IsZero() {
			t.Errorf("%s ends a channel over a message: %s", c, send)
		}
	}
}

func TestAReasonKeepsTheServersNumberAndWords(t *testing.T) {
	same(t, ReasonAuthFail.login(), messages.Reason{
		Code: messages.ReasonAuthRejected, Wire: messages.Wire{Scheme: "wukongim", Code: 2},
		Detail: "the token is not that of the uid and device",
	})
	same(t, ReasonSubscriberNotExist.send(), messages.Reason{
		Code: messages.ReasonNotInRoom, Wire: messages.Wire{Scheme: "wukongim", Code: 3},
		Detail: "the sender is no subscriber of the channel",
	})
	same(t, ReasonCode(77).disconnect("words"), messages.Reason{
		Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "wukongim", Code: 77, Text: "words"},
		Detail: "the server gives a reason that is not known",
	})
	long := ReasonSystemError.disconnect(strings.Repeat("é", 16_000)).Wire.Text
	same(t, long, strings.Repeat("é", briefly/2)+"...")
}

// The words are those that servers were seen to say.
func TestAKickByAnAdministratorIsToldFromAnotherLogin(t *testing.T) {
	for words, want := range map[string]messages.Code{
		"login in other device": messages.ReasonKickedOtherDevice,
		"账号在其他设备上登录":            messages.ReasonKickedOtherDevice,
		"something new":         messages.ReasonKickedOtherDevice,
		"server kick":           messages.ReasonKickedByAdmin,
		"":                      messages.ReasonKickedByAdmin,
	} {
		same(t, ReasonConnectKick.disconnect(words), messages.Reason{
			Code: want, Wire: messages.Wire{Scheme: "wukongim", Code: 12, Text: words}, Detail: "the connection is not wanted any more",
		})
	}
	same(t, ReasonSystemError.disconnect("").Code, messages.ReasonServerError)
}

func TestEverythingThatHasANumberHasAName(t *testing.T) {
	names := map[string]bool{}
	for c := range ReasonCode(30) {
		if names[c.String()] || strings.Contains(c.String(), "(") || reasons[c].meaning == "" {
			t.Errorf("%d is called %s: %s", c, c, reasons[c].meaning)
		}
		names[c.String()] = true
	}
	same(t, len(reasons), 30)
	for text, number := range map[string]interface{ String() string }{
		"ReasonCode(30)": ReasonCode(30), "SendBan": ReasonCode(25), "MessageSeqExhausted": ReasonCode(29),
		"App": DeviceFlag(0), "Web": DeviceFlag(1), "PC": DeviceFlag(2), "System": DeviceFlag(99), "DeviceFlag(3)": DeviceFlag(3),
		"Slave": DeviceLevel(0), "Master": DeviceLevel(1), "DeviceLevel(2)": DeviceLevel(2),
		"ChannelType(0)": ChannelType(0), "Person": ChannelType(1), "Group": ChannelType(2), "CustomerService": ChannelType(3),
		"Community": ChannelType(4), "CommunityTopic": ChannelType(5), "Info": ChannelType(6), "Data": ChannelType(7), "Temp": ChannelType(8),
		"Live": ChannelType(9), "Visitors": ChannelType(10), "Agent": ChannelType(11), "AgentGroup": ChannelType(12), "ChannelType(13)": ChannelType(13),
	} {
		same(t, number.String(), text)
	}
}
