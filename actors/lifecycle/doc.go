// Package lifecycle is the life of a channel as data: a table of transitions
// and a pure step function over it. It knows no actors, no sockets, no clock
// and no randomness; whoever drives it brings time and chance along in the
// event and in the strategy, so that the same inputs always give the same
// outputs.
package lifecycle
