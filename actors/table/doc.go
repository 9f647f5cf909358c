// Package table is what the lives of a channel and of a room have in common: a
// table of transitions as data, looked up by status and event. What a transition
// does to a state belongs to packages lifecycle and membership, which are built on
// this one.
package table
