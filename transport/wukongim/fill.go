package wukongim

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// everything is a number that no message has.
const everything = math.MaxUint64

const (
	pageMessages = 100   // that are asked for at once
	fillMessages = 1_000 // that are handed on before more are fetched
	fillBytes    = 4 << 20
	syncsAtOnce  = 8 // channels that a login catches up with at the same time

	refillFirst = time.Second // the wait after a fetch that failed, doubled each time
	refillMost  = 30 * time.Second
	maxRefusals = 3 // a server that refuses as often means it
)

// filled is what was missing from a channel, or the beginning of it.
type filled struct {
	thread *thread
	after  uint64 // the number that it begins after
	upto   uint64 // the first number that is there
	said   []Said
	more   bool   // than was fetched now
	lost   bool   // the history ends before what was heard: it is another one
	latest uint64 // its last message, if nothing was fetched
	err    error
}

// fill fetches what is missing before a number. Until it is there, what comes is held.
func (s *session) fill(link transport.Link, t *thread, upto uint64) {
	t.filling = true
	if upto > t.beyond {
		t.beyond = 0
	}
	syncer, uid, channel, after := s.Syncer, s.uid, t.channel, t.last
	link.Ask(func(ctx context.Context) any {
		f := filled{thread: t, after: after, upto: upto}
		refusals := 0
		for wait := refillFirst; ; wait = min(2*wait, refillMost) {
			if upto == everything {
				f.since(ctx, syncer, uid, channel, after)
			} else {
				f.said, f.more, f.err = fetch(ctx, syncer, uid, channel, after, upto)
			}
			if refused(f.err) {
				refusals++
			}
			if f.err == nil || permanent(f.err) || refusals == maxRefusals || !rest(ctx, wait) {
				return f
			}
		}
	})
}

// since fetches what was said after the last message that was heard. That one is asked
// for as well: where there is nothing, the history may be another one, and shorter.
func (f *filled) since(ctx context.Context, syncer Syncer, uid string, channel Channel, heard uint64) {
	if f.said, f.more, f.err = fetch(ctx, syncer, uid, channel, max(heard, 1)-1, everything); f.err != nil {
		return
	}
	if heard > 0 && len(f.said) == 0 {
		f.latest, f.err = syncer.Latest(ctx, uid, channel)
		f.lost = f.err == nil && f.latest < heard
	}
}

// fetch is what was said in a channel between two numbers, as much as is handed on at
// once.
func fetch(ctx context.Context, syncer Syncer, uid string, channel Channel, after, upto uint64) (said []Said, more bool, err error) {
	bytes := 0
	for {
		page, err := syncer.History(ctx, uid, channel, after, pageMessages)
		if err != nil {
			return nil, false, err
		}
		before := after
		for _, m := range page.Messages {
			if m.Seq <= after || m.Seq >= min(upto, lastSeq+1) {
				continue
			}
			after = m.Seq
			said = append(said, m)
			bytes += len(m.Payload)
		}
		switch {
		case !page.More, after == before, after+1 >= upto:
			return said, false, nil
		case len(said) >= fillMessages, bytes >= fillBytes:
			return said, true, nil
		}
	}
}

// refused reports whether the server heard the question and does not answer it. It may
// have meant the moment.
func refused(err error) bool {
	return err != nil && transport.ReasonOf(err, messages.ReasonSyncFailed).Code == messages.ReasonNack
}

// permanent reports whether asking again does not help.
func permanent(err error) bool {
	reason := transport.ReasonOf(err, messages.ReasonSyncFailed)
	return reason.Class().Final() || reason.Code == messages.ReasonNotSupported || reason.Code == messages.ReasonInvalidSpec
}

// rest waits; it reports whether ctx goes on.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// filled hands on what was missing. What the server does not have is not missing.
func (s *session) filled(link transport.Link, f filled) {
	t := f.thread
	if t.waiting || f.after > t.last { // it was joined meanwhile, and that fetches the same
		t.filling = false
		s.synced(link, t)
		s.pump(link, t)
		return
	}
	if f.err != nil || f.lost {
		s.Gaps.Add(1)
	}
	if f.lost {
		t.restart(f.latest)
		t.top = f.latest
	}
	var last *transport.Publication
	for _, m := range f.said {
		if m.Seq <= t.last {
			continue
		}
		p := s.recovered(t, m)
		t.advance(m.Seq)
		if p == nil {
			continue
		}
		if last != nil {
			link.Publish(t.channel.Room(), *last)
		}
		last = p
	}
	if last != nil {
		if f.more {
			last.Receipt.(*receipt).upto = f.upto
		}
		link.Publish(t.channel.Room(), *last)
	}
	switch {
	case f.more && last != nil:
		return // until the handler has had these
	case f.more:
		s.fill(link, t, f.upto)
		return
	case f.upto != everything:
		t.advance(f.upto - 1)
	}
	t.filling = false
	s.synced(link, t)
	s.pump(link, t)
}

// recovered is a message of what was missing, on its way to the handler; nil if it is
// ours, or got there before.
func (s *session) recovered(t *thread, m Said) *transport.Publication {
	if s.ours(m) {
		return nil
	}
	if _, told := t.place(m.Seq); !told {
		if known, _ := s.memory.seen.begin(m.ID); known {
			return nil
		}
	}
	return s.old(t, m)
}

// old is a message of a history. The server may have told it as well.
func (s *session) old(t *thread, m Said) *transport.Publication {
	p := s.publication(m, t.pass(m.Seq))
	r := &receipt{from: s, id: m.ID, thread: t, at: m.Seq}
	if h, told := t.take(m.Seq); told {
		r.ack = &h.ack
	}
	s.memory.seen.begin(m.ID)
	p.Receipt = r
	return &p
}

// ours reports whether the channel said that itself. What other devices of the user
// said is news.
func (s *session) ours(m Said) bool {
	return m.From == s.uid && (strings.HasPrefix(m.ClientMsgNo, s.nonce+"-") || s.memory.named.state[m.ClientMsgNo])
}

// resume makes the threads of a connection before those of this one, and lists what is
// to be caught up with.
func (s *session) resume() {
	for _, t := range s.memory.threads {
		t.resume()
		if t.room {
			s.sweep = time.Now().Add(unclaimed)
		}
		if s.Syncer != nil && t.begun && !t.room {
			t.filling, t.syncing = true, true
			s.syncs = append(s.syncs, t)
		}
	}
}

// catchUp fetches what was missed in the channels that are remembered, some at a time.
// The login is ready when all are up to date.
func (s *session) catchUp(link transport.Link) {
	for len(s.syncs) > 0 && s.busy < syncsAtOnce {
		t := s.syncs[0]
		s.syncs = s.syncs[1:]
		s.busy++
		s.fill(link, t, everything)
	}
	if s.busy == 0 {
		link.Synced()
	}
}

// synced notes that a channel is up to date, if the login waits for it.
func (s *session) synced(link transport.Link, t *thread) {
	if t.syncing {
		t.syncing = false
		s.busy--
		s.catchUp(link)
	}
}

// Answered takes what others than the server said.
func (s *session) Answered(link transport.Link, answer any) error {
	switch a := answer.(type) {
	case filled:
		s.filled(link, a)
	case nagged:
		a.thread.nagging, a.thread.nagged = false, true
		s.pump(link, a.thread)
		a.thread.nagged = false
	case admitted:
		s.admitted(link, a)
	}
	return nil
}
