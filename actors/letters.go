package actors

import "sync"

// letters are a queue of messages. One that is empty holds no memory.
type letters struct{ last *letter } // of a ring: the next is the first

type letter struct {
	message any
	next    *letter
}

// blank letters are those that hold nothing.
var blank = sync.Pool{New: func() any { return new(letter) }}

func (q *letters) empty() bool { return q.last == nil }

func (q *letters) put(message any) {
	l := blank.Get().(*letter)
	l.message = message
	l.next = l
	if q.last != nil {
		l.next, q.last.next = q.last.next, l
	}
	q.last = l
}

func (q *letters) first() any {
	if q.last == nil {
		return nil
	}
	return q.last.next.message
}

func (q *letters) take() (message any, ok bool) {
	if q.last == nil {
		return nil, false
	}
	l := q.last.next
	message = l.message
	if q.last.next = l.next; l == q.last {
		q.last = nil
	}
	*l = letter{}
	blank.Put(l)
	return message, true
}

func (q *letters) count() int {
	if q.last == nil {
		return 0
	}
	n := 1
	for l := q.last.next; l != q.last; l = l.next {
		n++
	}
	return n
}
