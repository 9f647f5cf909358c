package supervisor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// company is a program that lives among actors: its own system, with the
// supervisor as one of its actors.
type company struct {
	t       *testing.T
	network *wstest.Network
	server  *wstest.Server
	system  *actor.ActorSystem
	manager *actor.PID

	mu     sync.Mutex
	events []messages.Event
}

func inCompany(t *testing.T, play func(*company)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := wstest.NewNetwork()
		c := &company{t: t, network: network, server: network.NewServer("server", wstest.WithTest(t))}
		silent := logrus.New()
		silent.SetLevel(logrus.PanicLevel)
		c.system = actor.NewActorSystem(SystemLogger(silent))
		props, err := Props(c.system, WithDialer(c.dialer()), WithStrategy(Fixed{Interval: time.Second}))
		if err != nil {
			t.Fatal(err)
		}
		c.system.EventStream.Subscribe(func(event any) {
			if e, ok := event.(messages.Event); ok {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.events = append(c.events, e)
			}
		})
		c.manager = c.system.Root.Spawn(props)
		play(c)
		c.system.Root.Stop(c.manager)
		time.Sleep(10 * time.Second)
		if n := c.server.Open(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
		if err := c.server.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
	})
}

func (c *company) dialer() transport.Dialer { return &transport.WebSocket{NetDial: c.network.Dial} }

// ask is a question with an answer.
func (c *company) ask(pid *actor.PID, question any) any {
	c.t.Helper()
	answer, err := c.system.Root.RequestFuture(pid, question, time.Minute).Result()
	if err != nil {
		c.t.Fatalf("%T: %v", question, err)
	}
	return answer
}

func (c *company) spec(id messages.ChannelID) Spec {
	return Spec{ID: id, Address: transport.Static(fmt.Sprintf("%s/%s", c.server.URL, id)), Handler: Discard}
}

func (c *company) open(spec Spec) *actor.PID {
	c.t.Helper()
	opened, ok := c.ask(c.manager, Open{spec}).(Opened)
	if !ok || opened.Err != nil || opened.ID != spec.ID || opened.Channel == nil {
		c.t.Fatalf("opened %+v", opened)
	}
	synctest.Wait()
	return opened.Channel
}

func TestAPIDTakesTheCommands(t *testing.T) {
	inCompany(t, func(c *company) {
		pid := c.open(c.spec("a"))
		if again := c.open(c.spec("a")); !again.Equal(pid) {
			t.Errorf("the same ID is another actor: %s, %s", again, pid)
		}
		up := messages.Reply{Status: messages.Ready}
		for _, test := range []struct {
			command any
			want    any
		}{
			{messages.Connect{}, up},
			{messages.Send{Message: messages.Text("hello")}, messages.Accepted{ID: 1}},
			{messages.NetworkDown{}, up},
			{messages.NetworkUp{}, up},
			{messages.Pause{}, messages.Reply{Status: messages.Held}},
			{messages.Resume{}, messages.Reply{Status: messages.Queued}},
			{messages.Disconnect{Mode: messages.KeepRetrying}, messages.Reply{Status: messages.Queued}},
			{messages.Disconnect{}, messages.Reply{Status: messages.Closed}},
			{messages.Drain{}, messages.Reply{Status: messages.Closed}},
			{messages.Connect{}, messages.Reply{Status: messages.Queued}},
		} {
			if got := c.ask(pid, test.command); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%T: got %+v, want %+v", test.command, got, test.want)
			}
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		if pong, ok := c.ask(pid, messages.Ping{}).(messages.Pong); !ok || pong.Channel != "a" {
			t.Errorf("a ping: %+v", pong)
		}
		if s, ok := c.ask(pid, messages.GetStatus{}).(messages.Snapshot); !ok || s.Status != messages.Ready {
			t.Errorf("a status: %+v", s)
		}
		for _, refused := range []struct {
			command any
			want    messages.Code
		}{
			{messages.Renew{Token: messages.NewToken("x")}, messages.ReasonNotSupported},
			{"what is this", messages.ReasonNotSupported},
			{messages.Send{Message: messages.Text("\xff")}, messages.ReasonInvalidMessage},
		} {
			if reply, ok := c.ask(pid, refused.command).(messages.Reply); !ok || !errors.Is(reply.Err, refused.want) {
				t.Errorf("%T: %+v", refused.command, reply)
			}
		}
	})
}

func TestBadOpensAreAnswered(t *testing.T) {
	inCompany(t, func(c *company) {
		c.open(c.spec("a"))
		other := c.spec("a")
		other.Address = transport.Static("ws://elsewhere")
		for sentence, test := range map[string]struct {
			spec Spec
			want messages.Code
		}{
			"nothing in it": {Spec{}, messages.ReasonInvalidSpec},
			"a conflict":    {other, messages.ReasonConflict},
		} {
			opened, ok := c.ask(c.manager, Open{test.spec}).(Opened)
			if !ok || opened.Channel != nil || opened.ID != test.spec.ID || !errors.Is(opened.Err, test.want) {
				t.Errorf("%s: %+v", sentence, opened)
			}
		}
		c.system.Root.Send(c.manager, "rubbish")
		c.system.Root.Send(c.manager, Open{c.spec("nobody waits")})
		synctest.Wait()
		c.open(c.spec("b")) // it is alive
	})
}

func TestEventsAreOnTheEventStream(t *testing.T) {
	inCompany(t, func(c *company) {
		c.open(c.spec("a"))
		c.system.Root.Stop(c.manager)
		time.Sleep(time.Second)
		c.mu.Lock()
		defer c.mu.Unlock()
		var got []string
		for i, event := range c.events {
			switch e := event.(type) {
			case messages.StatusChanged:
				got = append(got, e.Cur.String())
				if e.Seq != uint64(i+1) {
					t.Errorf("%d is number %d", i, e.Seq)
				}
			default:
				got = append(got, fmt.Sprintf("%T", event))
			}
		}
		if want := "[Queued Preparing Dialing Authenticating Ready Closed messages.Stopped]"; fmt.Sprint(got) != want {
			t.Errorf("got %v", got)
		}
	})
}

// Subscribers run on whoever publishes. Ours is a goroutine of its own, so that
// even one that never returns holds nobody but the other subscribers.
func TestABadSubscriberHarmsNoChannel(t *testing.T) {
	release := make(chan struct{})
	for sentence, trouble := range map[string]func(){
		"slow":      func() { time.Sleep(time.Minute) },
		"panicking": func() { panic("in a subscriber") },
		"stuck":     nil,
	} {
		inCompany(t, func(c *company) {
			if trouble == nil {
				release = make(chan struct{})
				trouble = func() { <-release }
			}
			subscription := c.system.EventStream.Subscribe(func(event any) {
				if _, ok := event.(messages.Event); ok {
					trouble()
				}
			})
			pid := c.open(c.spec("a"))
			for range 3 {
				c.server.Drop()
				time.Sleep(5 * time.Second)
				if s, ok := c.ask(pid, messages.GetStatus{}).(messages.Snapshot); !ok || s.Status != messages.Ready {
					t.Errorf("with a %s subscriber: %+v", sentence, s)
				}
			}
			c.system.EventStream.Unsubscribe(subscription)
			if sentence == "stuck" {
				close(release)
			}
			time.Sleep(time.Hour)
		})
	}
}

func TestStoppingTheSupervisorAnswersWhoeverAsked(t *testing.T) {
	inCompany(t, func(c *company) {
		c.open(c.spec("up")) // it takes its time to close
		var futures []actor.Future
		for n := range 200 {
			futures = append(futures, c.system.Root.RequestFuture(c.manager, Open{c.spec(messages.ChannelID(fmt.Sprint(n)))}, time.Minute))
		}
		c.system.Root.Stop(c.manager)
		lost, refused, opened := 0, 0, 0
		for _, f := range futures {
			answer, err := f.Result()
			if err != nil { // what still is in a mailbox when its actor ends is nobody's
				lost++
				continue
			}
			switch err := answer.(Opened).Err; {
			case err == nil:
				opened++
			case errors.Is(err, messages.ReasonFleetClosed):
				refused++
			default:
				c.t.Error(err)
			}
		}
		if refused == 0 {
			c.t.Errorf("%d opened, %d refused, %d lost", opened, refused, lost)
		}
	})
}

func TestPropsNamesEverythingThatIsWrong(t *testing.T) {
	if props, err := Props(nil, WithObserverQueue(-1)); props != nil || !errors.Is(err, messages.ReasonInvalidSpec) {
		t.Errorf("got %v, %v", props, err)
	} else {
		sameLines(t, "Props", err, []string{"WithObserverQueue got -1", "WithSystem got nil"})
	}
}

func TestPropsLeavesTheCallersOptionsAlone(t *testing.T) {
	opts := append(make([]Option, 0, 2), WithObserverQueue(1))
	if _, err := Props(actor.NewActorSystem(), opts...); err != nil {
		t.Fatal(err)
	}
	if opts[:2][1] != nil {
		t.Error("an option was written behind the caller's")
	}
}

// A fleet with handles may live in a system of the user's, too: then both doors
// lead to the same channels.
func TestHandlesAndActorsAreTwoDoorsToOneHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := logrus.New()
		silent.SetLevel(logrus.PanicLevel)
		system := actor.NewActorSystem(SystemLogger(silent))
		var mu sync.Mutex
		var got []string
		system.EventStream.Subscribe(func(event any) {
			if e, ok := event.(messages.StatusChanged); ok {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, e.Cur.String())
			}
		})
		s := newScene(t, WithSystem(system))
		ch := s.ready("a")[0]
		s.must(ch.Close(t.Context()))
		s.must(s.fleet.Close(context.Background()))
		mu.Lock()
		defer mu.Unlock()
		if want := "[Queued Preparing Dialing Authenticating Ready Closed]"; fmt.Sprint(got) != want {
			t.Errorf("got %v", got)
		}
		s.exit()
	})
}

// A subscriber of dead letters is called by whoever sends one.
func TestADeadLettersSubscriberMayUseTheFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := logrus.New()
		silent.SetLevel(logrus.PanicLevel)
		system := actor.NewActorSystem(SystemLogger(silent))
		s := newScene(t, WithSystem(system))
		nobody := system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
		s.must(system.Root.StopFuture(nobody).Wait())
		letters := 0
		system.EventStream.Subscribe(func(event any) {
			if letter, ok := event.(*actor.DeadLetterEvent); ok && letter.PID.Equal(nobody) {
				letters++
				for snapshot := range s.fleet.Channels() {
					ch, _ := s.fleet.Channel(snapshot.Channel)
					if err := ch.Connect(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
		ch := s.ready("a")[0]
		for _, id := range []messages.ChannelID{"a", "fresh"} { // the answers are for nobody
			system.Root.RequestWithCustomSender(s.fleet.house.root, Open{s.spec(id)}, nobody)
			synctest.Wait()
		}
		if letters != 2 {
			t.Errorf("%d dead letters", letters)
		}
		s.must(s.fleet.Close(t.Context()))
		system.EventStream.Subscribe(func(event any) {
			if _, ok := event.(*actor.DeadLetterEvent); ok {
				t.Errorf("there is nobody to be told, %d channels are left", len(slices.Collect(s.fleet.Channels())))
			}
		})
		s.must(ch.Close(t.Context()))
		s.exit()
	})
}

// The system's logger is the program's; the fleet's own tells of its channels.
func TestAPanicIsInTheFleetsLogAlsoInAnotherSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := logrus.New()
		silent.SetLevel(logrus.PanicLevel)
		s := newScene(t, WithSystem(actor.NewActorSystem(SystemLogger(silent))))
		s.server.Handle(wstest.Push("hello"))
		spec := s.spec("a")
		spec.Handler = func(messages.Received) { panic("in a handler") }
		s.open(spec)
		time.Sleep(500 * ms)
		if log := strings.Join(s.lines("error"), "\n"); !strings.Contains(log, "in a handler") || !strings.Contains(log, "channel=a") || !strings.Contains(log, "stack=") {
			t.Errorf("the log is %q", log)
		}
		s.must(s.fleet.Close(t.Context()))
		s.exit()
	})
}

// The handle knows its actor only when all that waited has been passed on.
func TestCommandsReachAChannelInTheOrderOfSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem()
		var got []int
		pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			if n, ok := ctx.Message().(int); ok {
				got = append(got, n)
			}
		}))
		ch := &Channel{agreement: &agreement{house: &house{system: system}}, lobby: &lobby{}}
		const all = 2000
		go ch.publish(pid)
		for n := range all {
			ch.send(n)
		}
		synctest.Wait()
		for n := range got {
			if got[n] != n {
				t.Fatalf("%d came when %d was next", got[n], n)
			}
		}
		if len(got) != all {
			t.Errorf("%d of %d came", len(got), all)
		}
		if err := system.Root.StopFuture(pid).Wait(); err != nil {
			t.Error(err)
		}
	})
}
