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

// put adds a message behind the others.
func (q *letters) put(message any) { q.last = q.insert(message, q.last) }

// overtake adds a message behind the first n.
func (q *letters) overtake(message any, n int) {
	before := q.last
	for range n {
		before = before.next
	}
	if l := q.insert(message, before); q.last == nil || n > 0 && before == q.last {
		q.last = l
	}
}

// insert adds a message behind another one; nil: there is none.
func (q *letters) insert(message any, before *letter) *letter {
	l := blank.Get().(*letter)
	l.message, l.next = message, l
	if before != nil {
		l.next, before.next = before.next, l
	}
	return l
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
