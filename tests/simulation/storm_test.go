package simulation

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// A storm: all channels lose their server for so long at once, and are back so
// soon after it is.
const (
	outage   = time.Minute
	recovery = 30 * time.Second
)

// crowd is how many channels there are. Six storms of two thousand take a minute
// under the race detector; a quarter of them is still more than the gate lets
// through at once.
func crowd() int {
	if underRace || testing.Short() {
		return 500
	}
	return 2000
}

// questions is how many channels, drawn at random, are asked where they stand
// every tenth of a second of the outage.
const questions = 100

// Outages of a minute, each as a pair of the loss and the return.
func outages() map[string]outageOf {
	return map[string]outageOf{
		"the server is stopped and started": {
			lose:   func(n *wstest.Network, s *wstest.Server) { s.Down(); s.Drop() },
			regain: func(n *wstest.Network, s *wstest.Server) error { return s.Up() },
		},
		"the server crashes and a proxy answers 503": {
			lose: func(n *wstest.Network, s *wstest.Server) {
				s.Handle(wstest.Refuse(503, "Retry-After: 5"))
				s.Reset()
			},
			regain: func(n *wstest.Network, s *wstest.Server) error { s.Handle(wstest.Echo()); return nil },
		},
		"the machine loses its power, dials hang": {
			lose: func(n *wstest.Network, s *wstest.Server) {
				s.Handle(wstest.Stall(wstest.Accepted))
				for _, c := range s.Conns() {
					c.HalfOpen()
				}
			},
			regain: func(n *wstest.Network, s *wstest.Server) error {
				s.Handle(wstest.Echo())
				s.Reset()
				return nil
			},
		},
	}
}

type outageOf struct {
	lose   func(*wstest.Network, *wstest.Server)
	regain func(*wstest.Network, *wstest.Server) error
}

func TestAStormIsHeldByTheGateAndPassesWithinThirtySeconds(t *testing.T) {
	for name, o := range outages() {
		for through, open := range map[string]func(*testing.T, ...supervisor.Option) door{
			"handles": throughHandles, "actors": throughActors,
		} {
			t.Run(name+" through "+through, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { weather(t, o, open) })
			})
		}
	}
}

// weather is one storm, from the calm before to the calm after.
func weather(t *testing.T, o outageOf, open func(*testing.T, ...supervisor.Option) door) {
	const seed = 1
	storm := crowd()
	random := rand.New(rand.NewPCG(seed, seed))
	network := wstest.NewNetwork()
	server := network.NewServer("server", wstest.WithHandler(wstest.Echo()))
	dials := recording(&transport.WebSocket{NetDial: network.Dial})
	fleet := open(t, supervisor.WithDialer(dials), supervisor.WithSeed(seed), supervisor.WithObserverQueue(1<<20))
	muster := newMuster(storm)
	fleet.listen(muster.note)
	ids := make([]messages.ChannelID, storm)
	for i := range ids {
		ids[i] = messages.ChannelID(fmt.Sprint("c", i))
		fleet.open(t, supervisor.Spec{
			ID:      ids[i],
			Address: transport.Static(fmt.Sprintf("%s/%s", server.URL, ids[i])),
			Handler: supervisor.Discard,
		})
	}
	started := time.Now()
	<-muster.all()
	up := time.Since(started)
	time.Sleep(time.Minute)

	before, first := dials.counts(), dials.count()
	worst := time.Duration(0)
	ask := func() {
		for range questions {
			id := ids[random.IntN(storm)]
			asked := time.Now()
			snapshot, err := fleet.ask(id)
			worst = max(worst, time.Since(asked))
			if err != nil || snapshot.Channel != id {
				t.Errorf("seed %d, %s: %v, %v", seed, id, snapshot, err)
			}
		}
	}
	o.lose(network, server)
	for range outage / (100 * time.Millisecond) {
		ask() // at the very moment of the loss, too
		time.Sleep(100 * time.Millisecond)
	}
	during := dials.count() - first
	if err := o.regain(network, server); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	synctest.Wait() // what is only now found to be lost leaves Ready first
	for done := false; !done && time.Since(back) < 10*recovery; {
		ask()
		select {
		case <-muster.all():
			done = true
		case <-time.After(100 * time.Millisecond):
		}
	}
	took, after := time.Since(back), dials.count()-first-during
	if took > recovery {
		t.Errorf("seed %d: all were back after %s: %v", seed, took, muster.census())
	}
	if worst > 0 {
		t.Errorf("seed %d: a status question was answered after %s", seed, worst)
	}
	most := 0
	for path, n := range dials.counts() {
		most = max(most, n-before[path])
	}
	// A dead endpoint is tried by those who dial already when its breaker opens,
	// and then by a probe every half second at most; one that is back is dialled
	// once by each channel, bar a probe that was on its way.
	if during > concurrent+int(outage/(time.Second/2)) || after > storm+5 || most > 5 {
		t.Errorf("seed %d: %d channels made %d dials in the outage and %d after it, one of them %d", seed, storm, during, after, most)
	}
	if n := network.MaxOpen(); n != 1 {
		t.Errorf("seed %d: a channel had %d connections at once", seed, n)
	}
	dials.check(t)
	t.Logf("up in %s; %d dials in the outage, back in %s with %d; most for one channel %d; %s at once %d",
		up, during, took, after, most, peaks(dials.at), dials.most)

	fleet.close(t)
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	time.Sleep(2 * time.Second) // sockets close a moment after their actors
	if n := network.Open(); n != 0 {
		t.Errorf("%d connections are still open", n)
	}
}
