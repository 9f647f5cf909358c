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
}

// able is a protocol whose sessions can do one thing or another.
type able struct {
	Protocol
	session Session
}

func (p able) NewSession(Opening) Session { return p.session }

// What its sessions are made of.
type (
	renews     struct{}
	asks       struct{}
	renewsAsks struct{}
)

func (renews) Renew(Link, messages.Token) error                 { return nil }
func (asks) Join(Link, JoinRequest) error                       { return nil }
func (asks) Verify(Link, []JoinRequest) error                   { return nil }
func (asks) Leave(Link, Ticket) error                           { return nil }
func (renewsAsks) RenewRoom(Link, Ticket, messages.Token) error { return nil }

func TestEndingsLeaveASessionWhatItCanDo(t *testing.T) {
	type abilities struct{ renew, rooms, renewRooms bool }
	raw := Raw().NewSession(Opening{})
	for name, c := range map[string]struct {
		session Session
		want    abilities
	}{
		"nothing": {raw, abilities{}},
		"renew": {struct {
			Session
			renews
		}{Session: raw}, abilities{renew: true}},
		"rooms": {struct {
			Session
			asks
		}{Session: raw}, abilities{rooms: true}},
		"rooms, and renew": {struct {
			Session
			asks
			renews
		}{Session: raw}, abilities{renew: true, rooms: true}},
		"rooms with tokens": {struct {
			Session
			asks
			renewsAsks
		}{Session: raw}, abilities{rooms: true, renewRooms: true}},
		"everything there is": {struct {
			Session
			asks
			renews
			renewsAsks
		}{Session: raw}, abilities{true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			session := Endings(able{Raw(), c.session}, map[int]messages.Code{4001: messages.ReasonKickedOtherDevice}).NewSession(Opening{})
			var got abilities
			_, got.renew = session.(Renewer)
			_, got.rooms = session.(RoomSession)
			_, got.renewRooms = session.(RoomRenewer)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			ending := session.Ending(messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 4001}})
			if ending.Code != messages.ReasonKickedOtherDevice {
				t.Errorf("its ending is %s", ending)
			}
		})
	}
}
