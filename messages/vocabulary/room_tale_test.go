package vocabulary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// tale is what a room goes through, and what is said about all of it.
type tale struct {
	through []messages.RoomStatus
	why     map[messages.RoomStatus]messages.Code
	want    roomWords
}

func TestRoomsAreToldInOrder(t *testing.T) {
	const (
		detached, joining, joined     = messages.RoomDetached, messages.RoomJoining, messages.RoomJoined
		interrupted, verifying        = messages.RoomInterrupted, messages.RoomVerifying
		rejoining, waiting, suspended = messages.RoomRejoining, messages.RoomWaiting, messages.RoomSuspended
		leaving, lost                 = messages.RoomLeaving, messages.RoomLost
	)
	for name, c := range map[string]tale{
		"T1 repeats the word of T0": {
			through: []messages.RoomStatus{detached, joining, joined, interrupted, verifying, joined},
			want: roomWords{
				"(1,6) | (2,0) | (1,1) | (1,1) | (2,0)", "subscribing(0) | subscribed | subscribing(1) | subscribed",
				"ATTACHING | ATTACHED | ATTACHING | ATTACHED",
			},
		},
		"nothing else is repeated": {
			through: []messages.RoomStatus{detached, joining, joined, interrupted, suspended, verifying, waiting, verifying, rejoining, waiting, rejoining, joined},
			want: roomWords{
				"(1,6) | (2,0) | (1,1) | (1,1) | (2,0)", "subscribing(0) | subscribed | subscribing(1) | subscribed",
				"ATTACHING | ATTACHED | SUSPENDED | ATTACHING | SUSPENDED | ATTACHING | SUSPENDED | ATTACHING | ATTACHED",
			},
		},
		"every return of the network is told": {
			through: []messages.RoomStatus{detached, joining, joined, interrupted, verifying, interrupted, verifying, joined},
			want: roomWords{
				"(1,6) | (2,0) | (1,1) | (1,1) | (1,1) | (2,0)", "subscribing(0) | subscribed | subscribing(1) | subscribed",
				"ATTACHING | ATTACHED | ATTACHING | ATTACHED",
			},
		},
		"a first join is on its way until it is granted": {
			through: []messages.RoomStatus{detached, joining, waiting, rejoining, waiting, rejoining, joined},
			want: roomWords{
				"(1,6) | (2,0)", "subscribing(0) | subscribed",
				"ATTACHING | SUSPENDED | ATTACHING | SUSPENDED | ATTACHING | ATTACHED",
			},
		},
		"a server that takes us out for a moment": {
			through: []messages.RoomStatus{detached, joining, joined, rejoining, joined},
			want: roomWords{
				"(1,6) | (2,0) | (1,1) | (2,0)", "subscribing(0) | subscribed | subscribing(2500) | subscribed",
				"ATTACHING | ATTACHED | ATTACHING | ATTACHED",
			},
		},
		"ZIM hears of a wish when it is asked": {
			through: []messages.RoomStatus{detached, interrupted, joining, joined},
			want:    roomWords{"(1,6) | (2,0)", "subscribing(0) | subscribed", "ATTACHING | ATTACHED"},
		},
		"ZIM hears of a wish when it is asked, after a long outage": {
			through: []messages.RoomStatus{detached, interrupted, suspended, rejoining, joined},
			want:    roomWords{"(1,6) | (2,0)", "subscribing(0) | subscribed", "ATTACHING | SUSPENDED | ATTACHING | ATTACHED"},
		},
		"ZIM never hears of a wish that was given up": {
			through: []messages.RoomStatus{detached, interrupted, detached},
			why:     map[messages.RoomStatus]messages.Code{detached: messages.ReasonUserLeave},
			want:    roomWords{"", "subscribing(0) | unsubscribed(0)", "ATTACHING | DETACHED"},
		},
		"ZIM hears T0 of a room that was joined anew during its leave": {
			through: []messages.RoomStatus{detached, joining, joined, leaving, interrupted, verifying, joined},
			why:     map[messages.RoomStatus]messages.Code{leaving: messages.ReasonUserLeave},
			want: roomWords{
				"(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
				"subscribing(0) | subscribed | unsubscribed(0) | subscribing(1) | subscribed",
				"ATTACHING | ATTACHED | DETACHING | ATTACHING | ATTACHED",
			},
		},
		"a leave is told once": {
			through: []messages.RoomStatus{detached, joining, joined, leaving, detached},
			why:     map[messages.RoomStatus]messages.Code{leaving: messages.ReasonUserLeave, detached: messages.ReasonUserLeave},
			want: roomWords{
				"(1,6) | (2,0) | (0,0)", "subscribing(0) | subscribed | unsubscribed(0)",
				"ATTACHING | ATTACHED | DETACHING | DETACHED",
			},
		},
		"a room that was lost is joined by hand": {
			through: []messages.RoomStatus{detached, joining, joined, interrupted, verifying, lost, joining, joined},
			why:     map[messages.RoomStatus]messages.Code{lost: messages.ReasonRoomHeartbeatTimeout},
			want: roomWords{
				"(1,6) | (2,0) | (1,1) | (1,1) | (0,9) | (1,6) | (2,0)",
				"subscribing(0) | subscribed | subscribing(1) | unsubscribed(2000) | subscribing(0) | subscribed",
				"ATTACHING | ATTACHED | ATTACHING | DETACHED | ATTACHING | ATTACHED",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			speaker := newRoomSpeaker()
			var zim, centrifugo, ably []string
			for i := 1; i < len(c.through); i++ {
				prev, cur := c.through[i-1], c.through[i]
				said := speaker.translate(step(prev, cur, c.why[cur]))
				zim, centrifugo, ably = append(zim, said.ZIM), append(centrifugo, said.Centrifugo), append(ably, said.Ably)
			}
			if got := (roomWords{sequence(zim), sequence(centrifugo), sequence(ably)}); got != c.want {
				t.Errorf("said %q\nwant %q", got, c.want)
			}
		})
	}
}

func sequence(words []string) string {
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "-" }), " | ")
}
