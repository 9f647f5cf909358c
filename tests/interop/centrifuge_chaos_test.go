package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/centrifugo"
)

const (
	chaosChannels = 20
	chaosRooms    = 10 // of each channel
)

// chronicle is what a room's handler was told, in its order: numbers, and gaps.
type chronicle struct {
	mu     sync.Mutex
	last   int
	gap    bool // reported since the last number
	gaps   int
	heard  int
	missed int // numbers within gaps
	wrong  []string
	until  int       // a number that is waited for
	told   chan bool // whether it was heard, or a gap was reported first
}

func (c *chronicle) hear(m messages.Received) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := strconv.Atoi(string(m.Data))
	switch {
	case err != nil:
		c.wrong = append(c.wrong, fmt.Sprintf("heard %q", m.Data))
		return
	case n <= c.last:
		c.wrong = append(c.wrong, fmt.Sprintf("%d came after %d", n, c.last))
	case n > c.last+1 && !c.gap:
		c.wrong = append(c.wrong, fmt.Sprintf("%d came after %d, and no gap was reported", n, c.last))
	}
	c.missed += max(0, n-c.last-1)
	c.last, c.gap = n, false
	c.heard++
	if n == c.until {
		c.tell(true)
	}
}

func (c *chronicle) lost(messages.Gap) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gap = true
	c.gaps++
	c.tell(false)
}

func (c *chronicle) tell(heard bool) {
	if c.told != nil {
		c.told <- heard
		c.told = nil
	}
}

// wait tells of a number that was not said yet: true when it is heard, false when
// a gap is reported before that. It may lie in the gap.
func (c *chronicle) wait(n int) <-chan bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until, c.told = n, make(chan bool, 1)
	return c.told
}

// chaos is an engine, its clients, and a publisher that numbers what it says.
type chaos struct {
	t      *testing.T
	ctx    context.Context
	engine *engine
	lines  []*line
	rooms  map[string]*chronicle
	specs  [][]supervisor.RoomSpec
	number int

	fetched atomic.Int64 // tokens
}

func newChaos(t *testing.T) *chaos {
	c := &chaos{t: t, engine: newEngine(t, rules{history: 1000}), rooms: map[string]*chronicle{}}
	s := newStage(t)
	c.ctx = s.ctx
	for i := range chaosChannels {
		user := fmt.Sprintf("user%d", i)
		l := s.open(supervisor.Spec{
			ID: messages.ChannelID(user), Address: c.engine.address(), Protocol: centrifugo.New(centrifugo.Options{}),
			Credentials: &supervisor.Credentials{Identity: user, Fetch: func(context.Context, supervisor.TokenRequest) (messages.Token, error) {
				c.fetched.Add(1)
				return messages.NewToken(tokenFor(user, 2*time.Second)), nil
			}},
			Timeouts:     supervisor.Timeouts{MinInterval: time.Millisecond},
			RoomStrategy: prompt,
		})
		c.lines = append(c.lines, l)
		var specs []supervisor.RoomSpec
		for j := range chaosRooms {
			id := fmt.Sprintf("room:%d:%d", i, j)
			story := &chronicle{}
			c.rooms[id] = story
			specs = append(specs, supervisor.RoomSpec{
				ID: messages.RoomID(id), Handler: story.hear, Gap: story.lost,
				Policy: messages.RoomPolicy{OnGap: messages.CallOnGap},
			})
			if _, err := l.Join(c.ctx, specs[j]); err != nil {
				t.Fatal(err)
			}
		}
		c.specs = append(c.specs, specs)
	}
	c.settled()
	return c
}

// settled waits until every room is joined.
func (c *chaos) settled() {
	c.t.Helper()
	for i, l := range c.lines {
		for _, spec := range c.specs[i] {
			r, ok := l.Room(spec.ID)
			if !ok {
				c.t.Fatalf("%s: no room %s", l, spec.ID)
			}
			if _, err := r.Wait(c.ctx); err != nil {
				c.t.Fatalf("%s: %v", r, err)
			}
		}
	}
}

// say publishes the next numbers in every room.
func (c *chaos) say(rounds int) {
	for range rounds {
		c.number++
		for id := range c.rooms {
			c.engine.publish(id, strconv.Itoa(c.number))
		}
	}
}

// agree waits until every room has heard the last number. A room that had not
// noticed yet that its connection was lost was settled only by the looks of it,
// and what was said to it then may lie in a gap. So after a gap there is another
// number.
func (c *chaos) agree(what string) {
	c.t.Helper()
	for agreed := false; !agreed; {
		told := map[string]<-chan bool{}
		for id, story := range c.rooms {
			told[id] = story.wait(c.number + 1)
		}
		c.say(1)
		agreed = true
		for id, story := range c.rooms {
			select {
			case heard := <-told[id]:
				agreed = agreed && heard
			case <-c.ctx.Done():
				story.mu.Lock()
				c.t.Fatalf("%s: %s heard up to %d of %d", what, id, story.last, c.number)
			}
		}
	}
}

// rejoin brings back what a final ending has ended: the user decides so, and goes
// on where each room had stopped.
func (c *chaos) rejoin(i int, positions map[messages.RoomID]messages.Position) {
	l := c.lines[i]
	if err := l.Connect(c.ctx, supervisor.Takeover); err != nil {
		c.t.Fatal(err)
	}
	for _, spec := range c.specs[i] {
		spec.Position = positions[spec.ID]
		if _, err := l.Join(c.ctx, spec); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *chaos) positions(i int) map[messages.RoomID]messages.Position {
	at := map[messages.RoomID]messages.Position{}
	for _, r := range c.lines[i].Rooms() {
		at[r.ID()] = r.Snapshot().Position
	}
	return at
}

func (c *chaos) disconnect(i int, by centrifuge.Disconnect) {
	if err := c.engine.now().Disconnect(fmt.Sprintf("user%d", i), centrifuge.WithCustomDisconnect(by)); err != nil {
		c.t.Error(err)
	}
}

// Two hundred rooms over twenty channels, and everything that an engine can do to
// them. What is published arrives once and in order, or lies within a gap that was
// reported at its place among the messages.
func TestEveryPublicationArrivesOnceAndInOrderOrIsInAReportedGap(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	c.say(5)
	c.agree("at first")

	c.engine.stop()
	c.say(5)
	c.engine.start()
	c.say(5)
	c.settled()
	c.agree("the listener was closed and opened again")

	for i := range c.lines {
		c.disconnect(i, []centrifuge.Disconnect{
			centrifuge.DisconnectForceReconnect, centrifuge.DisconnectInsufficientState, centrifuge.DisconnectServerError,
			{Code: 4001, Reason: "come back"}, centrifuge.DisconnectShutdown,
		}[i%5])
		c.say(1)
	}
	c.settled()
	c.agree("the server sent everybody away")

	for i := range 4 {
		c.disconnect(i, []centrifuge.Disconnect{centrifuge.DisconnectForceNoReconnect, {Code: 4500, Reason: "go"}}[i%2])
		if _, err := c.lines[i].Wait(c.ctx, messages.Kicked, messages.Failed); err != nil {
			t.Fatal(err)
		}
		at := c.positions(i)
		c.say(1)
		c.rejoin(i, at)
	}
	c.settled()
	c.agree("some were sent away for good, and came back by hand")

	c.engine.stop()
	c.engine.set(func(r *rules) { r.history = 3 })
	c.say(8) // more than is kept
	c.engine.start()
	c.settled()
	c.agree("the history was trimmed")

	c.engine.set(func(r *rules) { r.history = 1000 })
	c.engine.replace()
	c.say(3)
	c.settled()
	c.agree("the node was replaced")

	random := rand.New(rand.NewPCG(1, 1))
	for c.fetched.Load() < 5*chaosChannels && c.ctx.Err() == nil {
		c.disconnect(random.IntN(chaosChannels), centrifuge.DisconnectForceReconnect)
		c.say(1)
		time.Sleep(20 * time.Millisecond)
	}
	c.settled()
	c.agree("tokens expired, each several times")

	heard, missed, gaps := 0, 0, 0
	for id, story := range c.rooms {
		story.mu.Lock()
		for _, wrong := range story.wrong {
			t.Errorf("%s: %s", id, wrong)
		}
		heard, missed, gaps = heard+story.heard, missed+story.missed, gaps+story.gaps
		story.mu.Unlock()
	}
	if want := c.number * len(c.rooms); heard+missed != want {
		t.Errorf("%d publications were heard and %d are within gaps, of %d", heard, missed, want)
	}
	t.Logf("%d publications: %d heard, %d within %d gaps", c.number*len(c.rooms), heard, missed, gaps)
}
