package wukongim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// kept is an archive with these messages of the group g.
func kept(lines ...string) *archive {
	a := &archive{}
	a.put(Channel{Group, "g"}, lines...)
	return a
}

const loggedInAgain = `
	: again
	: open
	> CONNECT v5 ann holdfast-0000000000000001 "secret"
	< connack
	login heartbeat=20s node=7
`

// What a session did not lose when it was written: each is a message that nobody heard.
func TestNothingIsLost(t *testing.T) {
	rehearse(t, map[string]scene{
		"what comes while a room is joined is heard there, also if the history has it": {options: Options{Syncer: kept("4 bob four", "5 bob five", "6 bob six")}, trace: `
			: join Group/g 1
			ask
			< recv 1005 Group/g 5 bob five
			: answer
			room Group/g#1 Joined at /4 recovered
			pub Group/g 5 five unasked
			ask
			: answer
			pub Group/g 6 six unasked
		`},
		"a room begins with what the channel's handler has not heard yet": {options: Options{Syncer: kept("1 bob one", "2 bob two", "3 bob three")}, trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			< recv 1003 Group/g 3 bob three
			ask
			: join Group/g 1
			ask
			: answer
			: answer
			room Group/g#1 Joined at /1 recovered
			ask
			: answer
			pub Group/g 2 two unasked
			pub Group/g 3 three unasked
			: taken 3
			> RECVACK 1003 3
		`},
		"a room that is wanted no more, and was not left, is heard by the channel's handler after a while": {options: Options{Syncer: kept("4 bob four", "5 bob five", "6 bob six")}, trace: `
			: join Group/g 1
			ask
			: answer
			room Group/g#1 Joined at /6 recovered
		` + loggedInAgain + `
			synced
			< recv 1007 Group/g 7 bob seven
			: wait 61s
			< pong
			ask
			heartbeat answered
			: answer
			pub Group/g 7 seven unasked
			: taken 1
			> RECVACK 1007 7
		`},
		"so is one that was to be asked for again, and is not": {options: Options{Syncer: &archive{errs: []error{failure(messages.ReasonTryLater)}}}, trace: `
			: join Group/g 1
			ask
			: answer
			room Group/g#1 Retry TryLater
			< recv 1001 Group/g 1 bob one
			: wait 61s
			< pong
			pub Group/g 1 one unasked
			heartbeat answered
		`},
		"a history that is shorter than what was heard is another one": {options: Options{Syncer: kept("1 bob one", "2 bob two")}, trace: `
			: verify Group/g 1 9
			ask
			: answer
			room Group/g#1 Joined at /2
			< recv 1003 Group/g 3 bob three
			pub Group/g 3 three unasked
		`},
		"so it is for a channel that is caught up with": {options: Options{Syncer: kept("1 bob one", "2 bob two", "3 bob three")}, trace: `
			< recv 9 Group/g 9 bob nine
			pub Group/g 9 nine unasked
		` + loggedInAgain + `
			ask
			: answer
			synced
			gap
			< recv 1004 Group/g 4 bob four
			pub Group/g 4 four unasked
		`},
		"what comes too late for its place has none": {options: Options{Syncer: &archive{errs: []error{failure(messages.ReasonForbidden)}}}, trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			< recv 1003 Group/g 3 bob three
			ask
			: answer
			pub Group/g 3 three unasked
			gap
			< recv 1002 Group/g 2 bob two
			pub Group/g 0 two unasked
		`},
		"what was said before our own message, and does not come, is fetched": {options: Options{Syncer: kept("1 bob one", "2 bob two", "3 ann mine")}, trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			: send Group/g 1 mine
			> SEND 1 0000000000000001-1 Group/g "mine"
			< sendack 1 1003 3
			delivered 1
			ask
			: answer
			ask
			: answer
			pub Group/g 2 two unasked
		`},
		"what nobody took is caught up with": {options: Options{Syncer: kept("1 bob one", "2 bob two", "3 bob three")}, trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			< recv 1002 Group/g 2 bob two
			pub Group/g 2 two unasked
			< recv 1003 Group/g 3 bob three
			pub Group/g 3 three unasked
			: taken 1
			> RECVACK 1001 1
			: dropped 2
			: taken 3
			> RECVACK 1003 3
		` + loggedInAgain + `
			ask
			: answer
			pub Group/g 0 two unasked
			synced
		`},
		"a room that is joined again begins behind what it let fall, whatever is being fetched": {options: Options{Syncer: kept("1 bob one", "2 bob two", "3 bob three", "4 bob four")}, trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			< recv 1002 Group/g 2 bob two
			pub Group/g 2 two unasked
			< recv 1004 Group/g 4 bob four
			ask
			: join Group/g 1
			ask
			: dropped 2
			: later
			: answer
			room Group/g#1 Joined at /1 recovered
			: earlier
			: answer
			ask
			: answer
			pub Group/g 0 two unasked
			pub Group/g 3 three unasked
			pub Group/g 4 four unasked
		`},
		"what the channel's handler heard is not heard again in a room": {options: Options{Syncer: kept("1 bob one", "2 bob two", "3 bob three")}, trace: `
			< recv 1002 Group/g 2 bob two
			pub Group/g 2 two unasked
			: join Group/g 1 1
			ask
			: answer
			room Group/g#1 Joined at /3 recovered [3 three]
		`},
		"a number after which nothing can follow is no place": {options: Options{Version: 6, Syncer: kept("1 bob one")}, cast: func(c *cast) { c.server.version = 6 }, trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			< recv 9 Group/g 18446744073709551615 bob mad
			pub Group/g 0 mad unasked
		`},
	})
}

func failure(code messages.Code) error {
	return &messages.Error{Op: "history", Reason: messages.Reason{Code: code}}
}

// Our own message, with a name that the program chose, is no news.
func TestAMessageOfOursIsKnownByTheNameThatItWasGiven(t *testing.T) {
	a := kept("1 bob one")
	a.said[Channel{Group, "g"}] = append(a.said[Channel{Group, "g"}], Said{Message{ID: 2, Seq: 2, From: "ann", ClientMsgNo: "mine"}, []byte("two")})
	c := newCast(t, Options{Syncer: a}, transport.Opening{}).up()
	c.do(": join Group/g 1")
	c.do(": answer")
	head := Head{ClientMsgNo: "mine"}
	if err := c.s.Send(c.link, 1, head.Message([]byte("two")).In("Group/g")); err != nil {
		t.Fatal(err)
	}
	c.do("< sendack 1 2 2")
	c.link.Lines = nil
	c.do(": verify Group/g 2 1")
	c.do(": answer")
	if got, want := strings.Join(c.link.Lines, "\n"), "ask\nroom Group/g#2 Joined at /2 recovered"; got != want {
		t.Errorf("it went %q and should go %q", got, want)
	}
}

// However much a room has missed, it hears all of it: what is too much for one answer
// comes after it, as fast as the handler takes it.
func TestARoomThatMissedThousandsHearsThemAll(t *testing.T) {
	const all = 2500
	var lines []string
	for i := range all {
		lines = append(lines, fmt.Sprintf("%d bob x", i+1))
	}
	c := newCast(t, Options{Syncer: kept(lines...)}, transport.Opening{}).up()
	c.do(": verify Group/g 1 1")
	for c.asked < len(c.link.Questions) {
		c.do(": answer")
		c.link.Receipts = take(t, c, c.link.Receipts)
	}
	said := strings.Join(c.link.Lines, "\n")
	heard := strings.Count(said, "pub ") + strings.Count(said, " x]")
	if heard != all-1 || !strings.Contains(said, "recovered") || c.asked > 4 {
		t.Errorf("%d of %d messages were heard after %d questions", heard, all-1, c.asked)
	}
}

// take says of everything that was published that it was taken.
func take(t *testing.T, c *cast, receipts []any) []any {
	for _, r := range receipts {
		if err := c.s.Taken(c.link, r, true); err != nil {
			t.Fatal(err)
		}
	}
	return nil
}

// What there was no room to hold is fetched when what was held has gone, and not only
// when the server says something else.
func TestWhatThereWasNoRoomForIsFetched(t *testing.T) {
	const all = heldMessages + 10
	var lines []string
	for i := range all {
		lines = append(lines, fmt.Sprintf("%d bob x", i+1))
	}
	c := newCast(t, Options{Syncer: kept(lines...)}, transport.Opening{}).up()
	c.do("< recv 1001 Group/g 1 bob x")
	for i := 2; i < all; i++ { // the second is lost
		c.do(fmt.Sprintf("< recv %d Group/g %d bob x", 1001+i, i+1))
	}
	if held := len(c.s.memory.threads[Channel{Group, "g"}].held); held != heldMessages {
		t.Errorf("%d messages are held", held)
	}
	for c.asked < len(c.link.Questions) {
		c.do(": answer")
	}
	if heard := strings.Count(strings.Join(c.link.Lines, "\n"), "pub "); heard != all {
		t.Errorf("%d of %d messages were heard", heard, all)
	}
}
