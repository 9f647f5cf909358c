// Package wstest plays the peer of a WebSocket client: servers that behave as
// badly as real ones do, over TCP or over a network in memory.
package wstest
