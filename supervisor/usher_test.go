package supervisor

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
)

// The supervisor waits for all of its channels, although it has none of them for a child.
func TestTheSupervisorEndsAfterItsLastChannel(t *testing.T) {
	inCompany(t, func(c *company) {
		var pids []*actor.PID
		for n := range 50 {
			pids = append(pids, c.open(c.spec(messages.ChannelID(fmt.Sprint(n)))))
		}
		c.system.Root.Stop(pids[0]) // somebody who has its PID ends a channel
		synctest.Wait()
		defer noDeadLetters(t, c.system)()
		if err := c.system.Root.StopFuture(c.manager).Wait(); err != nil {
			t.Fatal(err)
		}
		for _, pid := range pids {
			if _, there := c.system.ProcessRegistry.GetLocal(pid.Id); there {
				t.Errorf("%s is there, and its supervisor is not", pid.Id)
			}
		}
	})
}

// noDeadLetters fails a test if there are dead letters until the call of what it returns
// that a program would read in its log.
func noDeadLetters(t *testing.T, system *actor.ActorSystem) (enough func()) {
	t.Helper()
	var mu sync.Mutex
	var letters []string
	subscription := system.EventStream.Subscribe(func(event any) {
		letter, ok := event.(*actor.DeadLetterEvent)
		if !ok {
			return
		}
		if _, quiet := letter.Message.(actor.IgnoreDeadLetterLogging); !quiet {
			mu.Lock()
			defer mu.Unlock()
			letters = append(letters, fmt.Sprintf("%T to %s", letter.Message, letter.PID.Id))
		}
	})
	return func() {
		t.Helper()
		synctest.Wait()
		system.EventStream.Unsubscribe(subscription)
		if len(letters) > 0 {
			t.Errorf("dead letters: %v", letters)
		}
	}
}

// slowLog keeps whoever says something.
type slowLog string

// Levels implements logrus.Hook.
func (slowLog) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook.
func (l slowLog) Fire(entry *logrus.Entry) error {
	if entry.Message == string(l) {
		time.Sleep(time.Second)
	}
	return nil
}

// slowly is a fleet's log that takes a second for what is said.
func slowly(what string) Option {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	logger.SetLevel(logrus.DebugLevel)
	logger.AddHook(slowLog(what))
	return WithLogger(logger)
}

// A channel that goes on crashing is stopped, and whoever closes it then need not know.
func TestToCloseAChannelThatIsGoneIsNoDeadLetter(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Panics = PanicBudget{Max: 1, Within: time.Minute}
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		for range 3 {
			s.crash(ch)
		}
		<-ch.record.Ended()
		defer noDeadLetters(t, s.fleet.house.system)()
		s.must(ch.Close(s.t.Context()))
	})
}

// The supervisor hears of a crash late: whoever has the PID has stopped the channel by
// then, and opened another one with its ID.
func TestACrashOfAChannelThatIsGoneIsNotThatOfTheNext(t *testing.T) {
	inScene(t, func(s *scene) {
		list := s.ready("a", "b")
		defer noDeadLetters(t, s.fleet.house.system)()
		s.crash(list[0]) // the supervisor is held up
		s.crash(list[1])
		s.fleet.house.system.Root.Stop(list[1].pid())
		<-list[1].record.Ended()
		next := s.ready("b")[0]
		if now := next.Snapshot(); now.Panics != 0 {
			t.Errorf("it is %+v", now)
		}
		if n := s.network.MaxOpen("/b"); n != 1 {
			t.Errorf("%d connections at once", n)
		}
	}, slowly("a channel panicked"))
}

// owner is an actor whose child is the supervisor.
type owner struct {
	props *actor.Props
	child *actor.PID
}

type restart struct{}

func (o *owner) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		o.child = ctx.Spawn(o.props)
	case restart:
		ctx.(actor.Supervisor).RestartChildren(o.child)
	}
}

// One that is started anew by its parent ends its channels, and takes others.
func TestASupervisorThatIsRestartedHasAnUsherAgain(t *testing.T) {
	inCompany(t, func(c *company) {
		props, err := Props(c.system, WithDialer(c.dialer()))
		if err != nil {
			t.Fatal(err)
		}
		o := &owner{props: props}
		parent := c.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return o }))
		synctest.Wait()
		c.system.Root.Stop(c.manager)
		c.manager = o.child
		for round := range 3 {
			id := messages.ChannelID(fmt.Sprint("channel ", round))
			c.open(c.spec(id))
			time.Sleep(time.Second)
			if n := c.server.Open(); n != 1 {
				t.Errorf("%d connections were there in round %d", n, round)
			}
			c.system.Root.Send(parent, restart{})
			time.Sleep(time.Second)
			if n := c.server.Open(); n != 0 {
				t.Errorf("%d connections were left in round %d", n, round)
			}
		}
		if err := c.system.Root.StopFuture(parent).Wait(); err != nil {
			t.Error(err)
		}
	})
}

// One that is started anew goes on with the watch that it had. Of two, one would be left.
func TestASupervisorThatIsRestartedWatchesItsNetworkOnce(t *testing.T) {
	inCompany(t, func(c *company) {
		var watches, ended atomic.Int32
		network := NetworkFunc(func(ctx context.Context, _ func(bool)) error {
			watches.Add(1)
			<-ctx.Done()
			ended.Add(1)
			return nil
		})
		props, err := Props(c.system, WithDialer(c.dialer()), WithNetwork(network))
		if err != nil {
			t.Fatal(err)
		}
		o := &owner{props: props}
		parent := c.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return o }))
		synctest.Wait()
		c.system.Root.Send(parent, restart{})
		synctest.Wait()
		if err := c.system.Root.StopFuture(parent).Wait(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n, m := watches.Load(), ended.Load(); n != 1 || m != 1 {
			t.Errorf("%d watches, %d have ended", n, m)
		}
	})
}

// A parent may restart all of its children for one that fails, also while it stops them.
func TestASupervisorThatIsRestartedWhileItStopsEnds(t *testing.T) {
	inCompany(t, func(c *company) {
		c.open(c.spec("a"))
		process, _ := c.system.ProcessRegistry.GetLocal(c.manager.Id)
		end := c.system.Root.StopFuture(c.manager)
		process.SendSystemMessage(c.manager, &actor.Restart{})
		if err := end.Wait(); err != nil {
			t.Error(err)
		}
	})
}
