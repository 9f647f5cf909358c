package actors

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
)

// chore is an errand of tests.
type chore struct{ name string }

func (*chore) errand() {}

// tenant is the actor of a mailbox, reduced to what the mailbox knows of one: it
// writes down what it is given, and by whose goroutine.
type tenant struct {
	box   *mailbox
	react func(message any)

	mu     sync.Mutex
	inside atomic.Int32
	lines  []string
}

func newTenant(react func(any)) *tenant {
	v := &tenant{box: new(mailbox), react: react}
	v.box.RegisterHandlers(v, actor.NewDefaultDispatcher(turns))
	v.box.Start()
	return v
}

func (v *tenant) note(kind string, message any) {
	if c, ok := message.(*chore); ok {
		message = c.name
	}
	by := "by another"
	stack := make([]byte, 8<<10)
	if strings.Contains(string(stack[:runtime.Stack(stack, false)]), "runErrands") {
		by = "by its sender"
	}
	v.mu.Lock()
	v.lines = append(v.lines, fmt.Sprintf("%s%v %s", kind, message, by))
	v.mu.Unlock()
}

func (v *tenant) enter(kind string, message any) {
	if v.inside.Add(1) > 1 {
		v.note("CONCURRENTLY ", message)
	}
	defer v.inside.Add(-1)
	v.note(kind, message)
	if v.react != nil {
		v.react(message)
	}
}

func (v *tenant) InvokeSystemMessage(m any) { v.enter("system ", m) }
func (v *tenant) InvokeUserMessage(m any)   { v.enter("", m) }
func (v *tenant) EscalateFailure(reason, message any) {
	v.note(fmt.Sprint("failure ", reason, " over "), message)
}

func (v *tenant) expect(t *testing.T, lines ...string) {
	t.Helper()
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if got, want := strings.Join(v.lines, "\n"), strings.Join(lines, "\n"); got != want {
		t.Errorf("it was\n%s\nand should be\n%s", got, want)
	}
}

func TestAMailbox(t *testing.T) {
	for sentence, test := range map[string]func(t *testing.T){
		"has an idle actor run an errand on its sender's goroutine": func(t *testing.T) {
			v := newTenant(nil)
			v.box.PostUserMessage(&chore{"a"})
			v.box.PostUserMessage("b")
			v.expect(t, "a by its sender", "b by another")
		},
		"keeps an errand's place behind what was sent before": func(t *testing.T) {
			gate := make(chan struct{})
			v := newTenant(func(m any) {
				if m == "a" {
					<-gate
				}
			})
			v.box.PostUserMessage("a")
			synctest.Wait()
			v.box.PostUserMessage("b")
			v.box.PostUserMessage(&chore{"c"})
			if n := v.box.UserMessageCount(); n != 2 {
				t.Errorf("%d messages wait", n)
			}
			close(gate)
			v.expect(t, "a by another", "b by another", "c by another")
			if n := v.box.UserMessageCount(); n != 0 {
				t.Errorf("%d messages wait in the end", n)
			}
		},
		"keeps a sender for the errandTurns that come meanwhile, and nothing else": func(t *testing.T) {
			var v *tenant
			v = newTenant(func(m any) {
				if c, ok := m.(*chore); ok && c.name == "a" {
					v.box.PostUserMessage(&chore{"b"})
					v.box.PostUserMessage("c")
					v.box.PostUserMessage(&chore{"d"})
				}
			})
			v.box.PostUserMessage(&chore{"a"})
			v.expect(t, "a by its sender", "b by its sender", "c by another", "d by another")
		},
		"keeps a sender for so many errandTurns only": func(t *testing.T) {
			var v *tenant
			count := 0
			v = newTenant(func(any) {
				if count++; count < 2*errandTurns {
					v.box.PostUserMessage(&chore{"x"})
				}
			})
			v.box.PostUserMessage(&chore{"x"})
			synctest.Wait()
			own := 0
			for _, line := range v.lines {
				if line == "x by its sender" {
					own++
				}
			}
			if own != errandTurns || len(v.lines) != 2*errandTurns {
				t.Errorf("the sender ran %d of %d", own, len(v.lines))
			}
		},
		"lets system messages go first": func(t *testing.T) {
			var v *tenant
			v = newTenant(func(m any) {
				if c, ok := m.(*chore); ok && c.name == "a" {
					v.box.PostUserMessage(&chore{"b"})
					v.box.PostSystemMessage("c")
				}
			})
			v.box.PostUserMessage(&chore{"a"})
			v.expect(t, "a by its sender", "system c by another", "b by another")
		},
		"gives a suspended actor system messages only, and the others afterwards": func(t *testing.T) {
			v := newTenant(nil)
			v.box.PostSystemMessage(&actor.SuspendMailbox{})
			synctest.Wait()
			v.box.PostUserMessage("a")
			v.box.PostUserMessage(&chore{"b"})
			v.box.PostSystemMessage("c")
			v.expect(t, "system c by another")
			v.box.PostSystemMessage(&actor.ResumeMailbox{})
			v.expect(t, "system c by another", "a by another", "b by another")
		},
		"makes a panic the actor's failure, not the sender's": func(t *testing.T) {
			v := newTenant(func(m any) {
				if m != "c" {
					panic("no")
				}
			})
			v.box.PostUserMessage(&chore{"a"})
			v.box.PostUserMessage("b")
			v.box.PostUserMessage("c")
			v.expect(t, "a by its sender", "failure no over a by its sender",
				"b by another", "failure no over b by another", "c by another")
		},
		"goes on after an actor has left by Goexit": func(t *testing.T) {
			v := newTenant(func(m any) {
				if m != "c" {
					runtime.Goexit()
				}
			})
			var sender sync.WaitGroup
			sender.Go(func() { v.box.PostUserMessage(&chore{"a"}) })
			sender.Wait()
			synctest.Wait()
			v.box.PostUserMessage("b")
			synctest.Wait()
			v.box.PostUserMessage("c")
			v.expect(t, "a by its sender", "b by another", "c by another")
		},
		"takes the messages of a batch one by one": func(t *testing.T) {
			v := newTenant(nil)
			v.box.PostUserMessage(batch{"a", "b"})
			v.expect(t, "a by another", "b by another")
		},
	} {
		t.Run(sentence, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// batch is an actor.MessageBatch.
type batch []any

func (b batch) GetMessages() []any { return b }

// Many send at once, errandTurns and others: each is handled once, those of one sender in
// their order, and never two at a time.
func TestAMailboxOfManySenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const senders, each = 20, 500
		type numbered struct {
			chore
			sender, number int
		}
		last := [senders]int{}
		v := newTenant(nil)
		handle := func(m any) {
			n := m.(*numbered)
			if last[n.sender]+1 != n.number {
				t.Errorf("after %d of sender %d came %d", last[n.sender], n.sender, n.number)
			}
			last[n.sender] = n.number
		}
		v.react = func(m any) {
			if n, ok := m.(envelope); ok {
				m = n.message
			}
			handle(m)
		}
		var sending sync.WaitGroup
		for s := range senders {
			sending.Go(func() {
				for i := range each {
					m := any(&numbered{sender: s, number: i + 1})
					if (s+i)%3 == 0 {
						m = envelope{m}
					}
					v.box.PostUserMessage(m)
				}
			})
		}
		sending.Wait()
		synctest.Wait()
		for s, n := range last {
			if n != each {
				t.Errorf("%d of %d of sender %d were handled", n, each, s)
			}
		}
		for _, line := range v.lines {
			if strings.HasPrefix(line, "CONCURRENTLY") {
				t.Fatal(line)
			}
		}
	})
}

// envelope makes an errand a message like any other.
type envelope struct{ message any }
