package actors

import "sync"

// letters are a queue of messages. One that is empty holds no memory.
type letters struct{ head, tail *letter }

type letter struct {
	message any
	next    *letter
}

// blank letters are those that hold nothing.
var blank = sync.Pool{New: func() any { return new(letter) }}

func (q *letters) empty() bool { return q.head == nil }

func (q *letters) put(message any) {
	l := blank.Get().(*letter)
	l.message = message
	if q.head == nil {
		q.head = l
	} else {
		q.tail.next = l
	}
	q.tail = l
}

func (q *letters) first() any {
	if q.head == nil {
		return nil
	}
	return q.head.message
}

func (q *letters) take() (message any, ok bool) {
	l := q.head
	if l == nil {
		return nil, false
	}
	message = l.message
	if q.head = l.next; q.head == nil {
		q.tail = nil
	}
	*l = letter{}
	blank.Put(l)
	return message, true
}

func (q *letters) count() int {
	n := 0
	for l := q.head; l != nil; l = l.next {
		n++
	}
	return n
}
