package vocabulary_test

import (
	"iter"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
)

// roomWords are what each vocabulary says about one change of a room; "-" is
// silence.
type roomWords struct{ ZIM, Centrifugo, Ably string }

// roomSpeaker says every vocabulary of rooms at once.
type roomSpeaker struct {
	zim        *vocabulary.RoomTranslator[vocabulary.ZIMRoomChange]
	centrifugo *vocabulary.RoomTranslator[vocabulary.CentrifugoSubscriptionChange]
	ably       *vocabulary.RoomTranslator[vocabulary.AblyChannelChange]
}

func newRoomSpeaker() roomSpeaker {
	return roomSpeaker{vocabulary.ZIMRoom(), vocabulary.CentrifugoSubscription(), vocabulary.AblyChannel()}
}

func (s roomSpeaker) translate(change messages.RoomChanged) roomWords {
	return roomWords{joinRoom(s.zim, change), joinRoom(s.centrifugo, change), joinRoom(s.ably, change)}
}

func joinRoom[W vocabulary.Word](t *vocabulary.RoomTranslator[W], change messages.RoomChanged) string {
	var all []string
	for _, word := range t.Translate(change) {
		all = append(all, word.String())
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

func step(prev, cur messages.RoomStatus, code messages.Code) messages.RoomChanged {
	return messages.RoomChanged{Prev: prev, Cur: cur, Reason: messages.Reason{Code: code}, How: messages.HowEnter}
}

func by(how messages.JoinHow, change messages.RoomChanged) messages.RoomChanged {
	change.How = how
	return change
}

func wire(code int, change messages.RoomChanged) messages.RoomChanged {
	change.Reason.Wire = messages.Wire{Scheme: "centrifugo", Code: code}
	return change
}

func flagged(recovered, gap bool, change messages.RoomChanged) messages.RoomChanged {
	change.Recovered, change.Gap = recovered, gap
	return change
}

// The ZIM column is the table of the reference, 3.2 of part B. Each line is one
// change as a translator meets it that has said nothing yet.
func TestEveryRoomStatusInEveryVocabulary(t *testing.T) {
	const (
		detached, joining, joined       = messages.RoomDetached, messages.RoomJoining, messages.RoomJoined
		interrupted, verifying          = messages.RoomInterrupted, messages.RoomVerifying
		rejoining, waiting, suspended   = messages.RoomRejoining, messages.RoomWaiting, messages.RoomSuspended
		leaving, lost, gone, kicked, no = messages.RoomLeaving, messages.RoomLost, messages.RoomGone, messages.RoomKicked, messages.RoomFailed
	)
	covered := map[messages.RoomStatus]bool{}
	for name, c := range map[string]struct {
		change messages.RoomChanged
		want   roomWords
	}{
		"a room is joined":                    {by(messages.HowJoin, step(detached, joining, 0)), roomWords{"(1,6)", "subscribing(0)", "ATTACHING"}},
		"a room is entered":                   {by(messages.HowEnter, step(detached, joining, 0)), roomWords{"(1,6)", "subscribing(0)", "ATTACHING"}},
		"a room is created":                   {by(messages.HowCreate, step(detached, joining, 0)), roomWords{"(1,4)", "subscribing(0)", "ATTACHING"}},
		"a room takes another's place":        {by(messages.HowSwitch, step(detached, joining, 0)), roomWords{"(1,11)", "subscribing(0)", "ATTACHING"}},
		"a room that was lost is joined":      {step(lost, joining, 0), roomWords{"(1,6)", "subscribing(0)", "ATTACHING"}},
		"a room that was left is joined":      {step(leaving, joining, messages.ReasonUserLeave), roomWords{"(1,6)", "subscribing(0)", "ATTACHING"}},
		"a wish is asked when the network is": {step(interrupted, joining, 0), roomWords{"(1,6)", "subscribing(0)", "ATTACHING"}},

		"the first join is granted":         {step(joining, joined, messages.ReasonJoined), roomWords{"(2,0)", "subscribed", "ATTACHED"}},
		"the join again is granted":         {flagged(true, false, step(rejoining, joined, messages.ReasonRecovered)), roomWords{"(2,0)", "subscribed recovered", "ATTACHED resumed"}},
		"the join again leaves a gap":       {flagged(false, true, step(rejoining, joined, messages.ReasonRejoinedWithGap)), roomWords{"(2,0)", "subscribed not recovered", "ATTACHED"}},
		"T2: we never were out":             {flagged(true, false, step(verifying, joined, messages.ReasonRecovered)), roomWords{"(2,0)", "subscribed recovered", "ATTACHED resumed"}},
		"T2: we never were out, with a gap": {flagged(false, true, step(verifying, joined, messages.ReasonRejoinedWithGap)), roomWords{"(2,0)", "subscribed not recovered", "ATTACHED"}},

		"T0: the network breaks":                     {step(joined, interrupted, messages.ReasonInterrupted), roomWords{"(1,1)", "subscribing(1)", "-"}},
		"the network breaks during the join":         {step(joining, interrupted, messages.ReasonInterrupted), roomWords{"(1,1)", "subscribing(1)", "-"}},
		"the network breaks while joined anew":       {step(leaving, interrupted, messages.ReasonInterrupted), roomWords{"(1,1)", "subscribing(1)", "-"}},
		"a room is joined without a network":         {step(detached, interrupted, 0), roomWords{"-", "subscribing(0)", "ATTACHING"}},
		"a room that failed is joined without one":   {step(no, interrupted, 0), roomWords{"-", "subscribing(0)", "ATTACHING"}},
		"the outage becomes long":                    {step(interrupted, suspended, messages.ReasonConnSuspended), roomWords{"(1,1)", "subscribing(1)", "SUSPENDED"}},
		"a room is joined in a long outage":          {step(detached, suspended, 0), roomWords{"-", "subscribing(0)", "SUSPENDED"}},
		"T1: the network is back":                    {step(interrupted, verifying, messages.ReasonVerifyPending), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},
		"T1: the network is back after long":         {step(suspended, verifying, messages.ReasonVerifyPending), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},
		"the server is asked once more":              {step(waiting, verifying, messages.ReasonVerifyPending), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},
		"the network is back, and nothing to verify": {step(suspended, rejoining, 0), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},

		"joined again as the policy says":        {step(verifying, rejoining, messages.ReasonRoomHeartbeatTimeout), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},
		"created again as the policy says":       {step(verifying, rejoining, messages.ReasonRoomNotExist), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},
		"joined again after a wait":              {step(waiting, rejoining, 0), roomWords{"(1,1)", "subscribing(1)", "ATTACHING"}},
		"the server takes us out for a moment":   {step(joined, rejoining, messages.ReasonHistoryLost), roomWords{"(1,1)", "subscribing(2500)", "ATTACHING"}},
		"the server says why it takes us out":    {wire(2502, step(joined, rejoining, messages.ReasonHistoryLost)), roomWords{"(1,1)", "subscribing(2502)", "ATTACHING"}},
		"the server takes us out for the token":  {step(joined, rejoining, messages.ReasonRoomTokenExpired), roomWords{"(1,1)", "subscribing(2501)", "ATTACHING"}},
		"the server takes us out all the time":   {step(joined, waiting, messages.ReasonHistoryLost), roomWords{"(1,1)", "subscribing(2500)", "SUSPENDED"}},
		"the join is not answered":               {step(joining, waiting, messages.ReasonJoinTimeout), roomWords{"(1,1)", "subscribing(1)", "SUSPENDED"}},
		"the join is put off":                    {step(rejoining, waiting, messages.ReasonJoinRejected), roomWords{"(1,1)", "subscribing(1)", "SUSPENDED"}},
		"the question whether we are in is lost": {step(verifying, waiting, messages.ReasonJoinTimeout), roomWords{"(1,1)", "subscribing(1)", "SUSPENDED"}},

		"a leave is asked for":            {step(joined, leaving, messages.ReasonUserLeave), roomWords{"-", "unsubscribed(0)", "DETACHING"}},
		"a drain leaves":                  {step(joined, leaving, messages.ReasonDrain), roomWords{"-", "unsubscribed(2)", "DETACHING"}},
		"another room takes the place":    {step(joined, leaving, messages.ReasonSwitched), roomWords{"-", "unsubscribed(0)", "DETACHING"}},
		"the leave is answered":           {step(leaving, detached, messages.ReasonUserLeave), roomWords{"(0,0)", "unsubscribed(0)", "DETACHED"}},
		"left without a network":          {step(interrupted, detached, messages.ReasonUserLeave), roomWords{"(0,0)", "unsubscribed(0)", "DETACHED"}},
		"the user logs out":               {step(joined, detached, messages.ReasonUserDisconnect), roomWords{"(0,0)", "unsubscribed(2)", "DETACHED"}},
		"the channel ends during a leave": {step(leaving, detached, messages.ReasonConnTerminal), roomWords{"(0,0)", "unsubscribed(2)", "DETACHED"}},
		"an end is forgotten":             {step(lost, detached, messages.ReasonNotInRoom), roomWords{"(0,0)", "unsubscribed(0)", "DETACHED"}},

		"T2: we were taken out":             {step(verifying, lost, messages.ReasonRoomHeartbeatTimeout), roomWords{"(0,9)", "unsubscribed(2000)", "DETACHED"}},
		"the server detaches for good":      {step(joined, lost, messages.ReasonHistoryLost), roomWords{"(0,9)", "unsubscribed(2000)", "DETACHED"}},
		"T2: there is no such room":         {step(verifying, gone, messages.ReasonRoomNotExist), roomWords{"(0,3)", "unsubscribed(102)", "FAILED"}},
		"there is no such room to join":     {step(joining, gone, messages.ReasonRoomNotExist), roomWords{"(0,3)", "unsubscribed(102)", "FAILED"}},
		"the room is closed for everybody":  {step(joined, gone, messages.ReasonDisbanded), roomWords{"(0,3)", "unsubscribed(2000)", "FAILED"}},
		"somebody removes us":               {step(joined, kicked, messages.ReasonKickedFromRoom), roomWords{"(0,8)", "unsubscribed(2000)", "FAILED"}},
		"another device takes the room":     {step(joined, kicked, messages.ReasonKickedByOtherDevice), roomWords{"(0,10)", "unsubscribed(2000)", "FAILED"}},
		"the server has a number for it":    {wire(2003, step(joined, kicked, messages.ReasonKickedFromRoom)), roomWords{"(0,8)", "unsubscribed(2003)", "FAILED"}},
		"the channel is kicked":             {step(joined, no, messages.ReasonConnTerminal), roomWords{"(0,2)", "unsubscribed(2)", "FAILED"}},
		"the channel fails before the join": {step(interrupted, no, messages.ReasonConnTerminal), roomWords{"(0,2)", "unsubscribed(2)", "FAILED"}},

		"joining is refused":                  {by(messages.HowJoin, step(joining, no, messages.ReasonJoinRejected)), roomWords{"(0,7)", "unsubscribed(103)", "FAILED"}},
		"entering is refused":                 {by(messages.HowEnter, step(joining, no, messages.ReasonBlocked)), roomWords{"(0,7)", "unsubscribed(103)", "FAILED"}},
		"creating is refused":                 {by(messages.HowCreate, step(joining, no, messages.ReasonCreateFailed)), roomWords{"(0,5)", "unsubscribed(0)", "FAILED"}},
		"switching is refused":                {by(messages.HowSwitch, step(joining, no, messages.ReasonSwitchFailed)), roomWords{"(0,12)", "unsubscribed(0)", "FAILED"}},
		"there are too many rooms":            {step(joining, no, messages.ReasonRoomLimit), roomWords{"(0,7)", "unsubscribed(106)", "FAILED"}},
		"the retries are used up":             {step(rejoining, no, messages.ReasonRetriesExhausted), roomWords{"(0,7)", "unsubscribed(0)", "FAILED"}},
		"there are no credentials":            {step(joining, no, messages.ReasonCredUnavailable), roomWords{"(0,7)", "unsubscribed(1)", "FAILED"}},
		"the room's token will not do":        {step(joining, no, messages.ReasonRoomTokenExpired), roomWords{"(0,7)", "unsubscribed(1)", "FAILED"}},
		"the permission is taken back":        {by(messages.HowCreate, step(joined, no, messages.ReasonPermissionRevoked)), roomWords{"(0,8)", "unsubscribed(2000)", "FAILED"}},
		"a gap is not accepted":               {step(rejoining, no, messages.ReasonHistoryLost), roomWords{"(0,7)", "unsubscribed(2000)", "FAILED"}},
		"the channel's own number is no use":  {wire(109, step(joined, no, messages.ReasonConnTerminal)), roomWords{"(0,2)", "unsubscribed(2)", "FAILED"}},
		"another protocol's number is no use": {messages.RoomChanged{Prev: joined, Cur: no, Reason: messages.Reason{Code: messages.ReasonConnTerminal, Wire: messages.Wire{Scheme: "websocket", Code: 1001}}}, roomWords{"(0,2)", "unsubscribed(2)", "FAILED"}},
	} {
		if got := newRoomSpeaker().translate(c.change); got != c.want {
			t.Errorf("%s: %s -> %s %s\n  says %q\n  want %q", name, c.change.Prev, c.change.Cur, c.change.Reason, got, c.want)
		}
		covered[c.change.Cur] = true
	}
	for _, status := range messages.RoomStatuses() {
		if !covered[status] {
			t.Errorf("%s is missing in the table", status)
		}
	}
}

// Whatever a room went through, and whyever, what is said must be true of where
// it stands.
func TestWordsAreTrueOfTheStatus(t *testing.T) {
	type truth struct {
		zim        vocabulary.ZIMRoomState
		centrifugo vocabulary.CentrifugoSubscriptionState
	}
	truths := map[messages.RoomStatus]truth{messages.RoomJoined: {vocabulary.ZIMRoomConnected, vocabulary.CentrifugoSubscribed}}
	for _, status := range messages.RoomStatuses() {
		switch {
		case status.Ended():
			truths[status] = truth{vocabulary.ZIMRoomDisconnected, vocabulary.CentrifugoUnsubscribed}
		case status != messages.RoomJoined && status != messages.RoomLeaving:
			truths[status] = truth{vocabulary.ZIMRoomConnecting, vocabulary.CentrifugoSubscribing}
		}
	}
	for change := range everyChange() {
		want, ok := truths[change.Cur]
		if !ok {
			continue // leaving: ZIM is silent, Centrifugo is done
		}
		for _, word := range vocabulary.ZIMRoom().Translate(change) {
			if word.State != want.zim {
				t.Errorf("ZIM says %s about %s", word, change)
			}
		}
		said := vocabulary.CentrifugoSubscription().Translate(change)
		if len(said) != 1 || said[0].State != want.centrifugo {
			t.Errorf("Centrifugo says %v about %s", said, change)
		}
	}
}

// everyChange yields every pair of statuses with every reason and every way in.
func everyChange() iter.Seq[messages.RoomChanged] {
	return func(yield func(messages.RoomChanged) bool) {
		for _, prev := range messages.RoomStatuses() {
			for _, cur := range messages.RoomStatuses() {
				for _, code := range messages.Codes() {
					for how := messages.HowJoin; how <= messages.HowSwitch; how++ {
						if prev != cur && !yield(by(how, step(prev, cur, code))) {
							return
						}
					}
				}
			}
		}
	}
}
