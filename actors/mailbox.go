package actors

import (
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// errand is a message whose sender may run the actor itself, if nobody else does: it is
// handled before the send returns, without another goroutine being woken. What an
// errand sets off must not block. The method is called if that happens, and before.
type errand interface{ errand() }

// mailbox holds the messages of one actor until they are handled: system messages
// first, the others in the order in which they were sent. While it is empty it holds
// nothing. It implements [actor.Mailbox].
//
// Whoever finds the actor idle has it run: by the crew, or, with an errand, at
// once on his own goroutine, which goes on only with errands that came meanwhile. So
// nobody's goroutine is kept by messages that were not his own.
type mailbox struct {
	invoker actor.MessageInvoker
	crew    *Crew // nil: a goroutine is started whenever there is work

	mu        sync.Mutex
	running   bool  // somebody handles messages, or is about to
	suspended bool  // only system messages are handled
	urgent    int32 // how many of the letters are system messages: the first
	letters   letters
}

// errandTurns is how many a sender runs before the crew goes on.
const errandTurns = 16

var _ actor.Mailbox = (*mailbox)(nil)

func newMailbox() actor.Mailbox { return new(mailbox) }

// RegisterHandlers implements [actor.Mailbox]. The only dispatcher that counts is a Crew.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.invoker = invoker
	m.crew, _ = dispatcher.(*Crew)
}

// Start implements [actor.Mailbox].
func (*mailbox) Start() {}

// PostUserMessage queues a message, or runs it if it is an errand and the actor idle.
// The messages of a batch are queued one by one.
func (m *mailbox) PostUserMessage(message any) {
	if batch, ok := message.(actor.MessageBatch); ok {
		for _, one := range batch.GetMessages() {
			m.PostUserMessage(one)
		}
		return
	}
	e, here := message.(errand)
	m.mu.Lock()
	if here && !m.running && !m.suspended {
		m.running = true
		m.mu.Unlock()
		e.errand()
		m.runErrands(message)
		return
	}
	m.letters.put(message)
	m.wake(!m.suspended)
}

// PostSystemMessage queues a message that goes before all others.
func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.letters.overtake(message, int(m.urgent))
	m.urgent++
	m.wake(true)
}

// wake has the actor run, if there is something to do. It is called with the lock and
// lets it go.
func (m *mailbox) wake(due bool) {
	due = due && !m.running
	m.running = m.running || due
	m.mu.Unlock()
	if due {
		m.schedule()
	}
}

// schedule has the mailbox run on another goroutine.
func (m *mailbox) schedule() {
	if m.crew == nil {
		go m.run()
		return
	}
	m.crew.take(m)
}

// UserMessageCount is how many messages wait.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.letters.count() - int(m.urgent)
}

// run handles messages until none is left. An actor that leaves by runtime.Goexit
// takes this goroutine with it; another one carries on.
func (m *mailbox) run() {
	done := false
	defer func() {
		if !done {
			m.schedule()
		}
	}()
	for n := 1; m.step(); n++ {
		if n%turns == 0 {
			runtime.Gosched()
		}
	}
	done = true
}

// step handles one message. Whether there is one is decided under the same lock that
// the others post under, so none is left behind.
func (m *mailbox) step() bool {
	m.mu.Lock()
	if m.urgent > 0 {
		m.urgent--
		message, _ := m.letters.take()
		switch message.(type) {
		case *actor.SuspendMailbox:
			m.suspended = true
		case *actor.ResumeMailbox:
			m.suspended = false
		default:
			m.mu.Unlock()
			m.invoke(m.invoker.InvokeSystemMessage, message)
			return true
		}
		m.mu.Unlock()
		return true
	}
	var message any
	ok := false
	if !m.suspended {
		message, ok = m.letters.take()
	}
	m.running = ok
	m.mu.Unlock()
	if ok {
		m.invoke(m.invoker.InvokeUserMessage, message)
	}
	return ok
}

// runErrands handles an errand, and those behind it. The crew gets the rest.
func (m *mailbox) runErrands(message any) {
	done := false
	defer func() {
		if !done {
			m.schedule()
		}
	}()
	for n := 1; message != nil; n++ {
		m.invoke(m.invoker.InvokeUserMessage, message)
		message, done = m.next(n < errandTurns)
	}
}

// next takes the errand that comes next, if more of them are run here. The actor is idle
// if nothing waits.
func (m *mailbox) next(more bool) (message any, idle bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.urgent == 0 && (m.suspended || m.letters.empty()) {
		m.running = false
		return nil, true
	}
	if _, ok := m.letters.first().(errand); ok && more && m.urgent == 0 {
		message, _ = m.letters.take()
	}
	return message, false
}

// invoke handles a message. A panic is a failure of the actor.
func (m *mailbox) invoke(handle func(any), message any) {
	defer func() {
		if v := recover(); v != nil {
			m.invoker.EscalateFailure(v, message)
		}
	}()
	handle(message)
}
