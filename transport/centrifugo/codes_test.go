package centrifugo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// The codes are those of https://centrifugal.dev/docs/server/codes.
func TestDisconnectCodesMeanWhatTheSpecificationSays(t *testing.T) {
	withToken := transport.Opening{Token: messages.NewToken("secret")}
	for code, want := range map[int]messages.Code{
		3000: messages.ReasonPeerClose, 3001: messages.ReasonReconnectNow, 3004: messages.ReasonServerError,
		3005: messages.ReasonCredExpired, 3006: messages.ReasonPeerClose, 3008: messages.ReasonSlowConsumer,
		3009: messages.ReasonServerError, 3010: messages.ReasonServerError, 3011: messages.ReasonReconnectNow,
		3012: messages.ReasonNoPongFromUs, 3013: messages.ReasonRateLimited, 3014: messages.ReasonCredExpired,
		3499: messages.ReasonPeerClose,
		3500: messages.ReasonForbidden, 3501: messages.ReasonBadRequest, 3502: messages.ReasonNotAllowed,
		3503: messages.ReasonKickedByAdmin, 3504: messages.ReasonNotAllowed, 3505: messages.ReasonNotAllowed,
		3506: messages.ReasonUnsupportedVersion, 3507: messages.ReasonNotAllowed, 3508: messages.ReasonNotAllowed,
		3509: messages.ReasonNotAllowed, 3999: messages.ReasonNotAllowed,
		4000: messages.ReasonPeerClose, 4499: messages.ReasonPeerClose,
		4500: messages.ReasonNotAllowed, 4999: messages.ReasonNotAllowed,
	} {
		closed := messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: code, Text: "words"}, Detail: "detail"}
		c := newCast(t, Options{}, withToken)
		same(t, c.s.Ending(closed), messages.Reason{Code: want, Wire: messages.Wire{Scheme: "centrifugo", Code: code, Text: "words"}, Detail: "detail"})

		err := c.hear(transport.FrameText, fmt.Sprintf(`{"push":{"disconnect":{"code":%d,"reason":"words"}}}`, code))
		pushed, _ := messages.ReasonOf(err)
		same(t, pushed, messages.Reason{Code: want, Wire: messages.Wire{Scheme: "centrifugo", Code: code, Text: "words"}})
	}
}

// 3000-3499 and 4000-4499 are followed by another attempt, 3500-3999 and 4500-4999
// are final: all of them, with a token or without.
func TestEveryDisconnectCodeIsFinalOrNotByItsRange(t *testing.T) {
	for _, opening := range []transport.Opening{{}, {Token: messages.NewToken("secret")}} {
		s := newCast(t, Options{}, opening).s
		for code := 3000; code < 5000; code++ {
			got := s.Ending(messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: code}})
			if want := code%1000 >= 500; got.Class().Final() != want {
				t.Errorf("%d is %s of class %s; final: %v", code, got.Code.String(), got.Class(), want)
			}
		}
	}
}

func TestEndingsThatAreNotOfCentrifugoStayAsTheyAre(t *testing.T) {
	s := newCast(t, Options{}, transport.Opening{}).s
	for _, reason := range []messages.Reason{
		{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 1001}},
		{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 1009}},
		{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 2999}},
		{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 5000}},
		{Code: messages.ReasonReadError, Wire: messages.Wire{Scheme: "os", Code: 3503}},
		{Code: messages.ReasonReadEOF},
	} {
		same(t, s.Ending(reason), reason)
	}
}

// Who never had a token cannot fetch another one: the server that ends the
// connection when its time is up is simply dialled again.
func TestAConnectionWithoutATokenThatExpiresComesBack(t *testing.T) {
	s := newCast(t, Options{}, transport.Opening{}).s
	for _, code := range []int{3005, 3014} {
		same(t, s.disconnected(code, "").Code, messages.ReasonPeerClose)
	}
}

// errors of the specification, and what they mean to each request.
var faults = map[string]struct {
	fault   string
	login   messages.Code
	subject transport.RoomKind
	room    messages.Code
}{
	"a client's own":   {`{"code":1}`, messages.ReasonServerError, transport.RoomRetry, messages.ReasonJoinRejected},
	"internal":         {`{"code":100,"temporary":true}`, messages.ReasonServerError, transport.RoomRetry, messages.ReasonJoinRejected},
	"unauthorized":     {`{"code":101}`, messages.ReasonAuthRejected, transport.RoomDenied, messages.ReasonJoinRejected},
	"unknown channel":  {`{"code":102}`, messages.ReasonForbidden, transport.RoomNotExist, messages.ReasonRoomNotExist},
	"denied":           {`{"code":103}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonJoinRejected},
	"method not found": {`{"code":104}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonJoinRejected},
	"limit exceeded":   {`{"code":106}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonRoomLimit},
	"bad request":      {`{"code":107}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonJoinRejected},
	"not available":    {`{"code":108}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonJoinRejected},
	"token expired":    {`{"code":109}`, messages.ReasonCredExpired, transport.RoomRetry, messages.ReasonRoomTokenExpired},
	"expired":          {`{"code":110}`, messages.ReasonCredExpired, transport.RoomDenied, messages.ReasonJoinRejected},
	"too many":         {`{"code":111,"temporary":true}`, messages.ReasonRateLimited, transport.RoomRetry, messages.ReasonRateLimited},
	"unrecoverable":    {`{"code":112}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonJoinRejected},
	"pagination":       {`{"code":113,"temporary":true}`, messages.ReasonServerError, transport.RoomRetry, messages.ReasonJoinRejected},
	"custom permanent": {`{"code":1000}`, messages.ReasonForbidden, transport.RoomDenied, messages.ReasonJoinRejected},
	"custom temporary": {`{"code":1000,"temporary":true}`, messages.ReasonServerError, transport.RoomRetry, messages.ReasonJoinRejected},
}

func TestErrorsMeanWhatTheSpecificationSays(t *testing.T) {
	for name, c := range faults {
		t.Run(name, func(t *testing.T) {
			login := newCast(t, Options{}, transport.Opening{})
			login.do(": open")
			err := login.hear(transport.FrameText, `{"id":1,"error":`+c.fault+`}`)
			reason, _ := messages.ReasonOf(err)
			same(t, reason.Code, c.login)

			join := newCast(t, Options{}, transport.Opening{}).up()
			join.do(": join tea 1")
			join.link.Lines = nil
			join.do(`< {"id":2,"error":` + c.fault + `}`)
			want := fmt.Sprintf("room tea#1 %s %s ", c.subject, c.room.String())
			if len(join.link.Lines) != 1 || !strings.HasPrefix(join.link.Lines[0], want) {
				t.Errorf("a join went %q, want %q", join.link.Lines, want)
			}

			send := newCast(t, Options{}, transport.Opening{}).up()
			send.do(": send tea 7 1")
			send.link.Lines = nil
			send.do(`< {"id":2,"error":` + c.fault + `}`)
			if len(send.link.Lines) != 1 || !strings.HasPrefix(send.link.Lines[0], "rejected 7 Nack (centrifugo ") {
				t.Errorf("a message went %q", send.link.Lines)
			}
		})
	}
}

// A code below 2500 is final for the room, one from there on is followed by
// another join.
func TestUnsubscribeCodesMeanWhatTheSpecificationSays(t *testing.T) {
	for code, want := range map[int]struct {
		kind transport.RoomKind
		code messages.Code
	}{
		0:    {transport.RoomEvicted, messages.ReasonKickedFromRoom},
		2000: {transport.RoomEvicted, messages.ReasonKickedFromRoom},
		2499: {transport.RoomEvicted, messages.ReasonKickedFromRoom},
		2500: {transport.RoomDetached, messages.ReasonHistoryLost},
		2501: {transport.RoomDetached, messages.ReasonRoomTokenExpired},
		2502: {transport.RoomDetached, messages.ReasonRoomTokenExpired},
		2999: {transport.RoomDetached, messages.ReasonHistoryLost},
	} {
		got := unsubscribed(code, "words")
		same(t, got, transport.RoomNews{Kind: want.kind, Reason: messages.Reason{Code: want.code, Wire: messages.Wire{Scheme: "centrifugo", Code: code, Text: "words"}}})
	}
}
