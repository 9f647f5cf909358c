// Package transport carries bytes to and from a server: dialers, sockets with
// readiness, WebSocket framing, and the protocols on top. It has no actors and
// no policy: it says what happened and why, and never tries again.
//
// # What it promises
//
// [WebSocket] dials ws and wss, [TCP] dials tcp and tls, through proxies if asked
// to, and [Schemes] leaves the choice to the URL. Each gives back a [Conn] or an
// error whose reason says what went wrong at which stage. Whatever stage it is
// at, it returns soon after its context has ended, and leaves nothing behind.
//
// A [Conn] is driven by readiness. Nothing in it blocks; nothing is read before
// somebody asks, so that a slow reader slows the peer and not the memory; every
// buffer has a bound. What ends a connection arrives as an error of Read, after
// every frame that arrived before it. A close frame always wins over the I/O
// error that often follows it.
//
// A [Protocol] gives frames and endings their meaning: [Raw] for plain sockets,
// [Envelope] for JSON with a type and a payload. Write one for a backend that
// expects more.
//
// # Who owns what
//
//	owner    the one goroutine that uses the Conn: the connection actor
//	driver   moves the bytes for it, and reports
//
// On Linux the driver of TCP, with TLS or without, is a poller: one epoll instance for all
// connections of the process, on descriptors that the runtime does not know.
//
//	            Read                          read
//	owner  ────────────────►   a buffer that is borrowed  ◄────────  system
//	   ▲   ────────────────►   write  ───────────────────────────►  system
//	   │        Write                           ▲ what did not fit
//	   └────────  notify  ◄───────────────  poller  ◄── epoll ─────  system
//
// An idle connection holds no goroutine, no buffer and no timer, but for what TLS
// keeps. The owner reads until nothing is left and writes until nothing fits; neither
// blocks. The poller has one goroutine, which calls notify and what notify leaves to be
// done; while that takes long, others take its place. TLS is plugged into the driver: a read that would block is an error that it
// forgives, and what it writes is kept until the system takes it.
//
// Everywhere else (pipes, other systems, the field Goroutines) the driver is two
// goroutines that may block:
//
//	            Watch                      net.Conn.Read
//	owner  ───────────────►  watcher  ◄───────────────────  system
//	   ▲                        │
//	   │   notify, then Read    │  one buffer, handed to and fro
//	   ◄────────────────────────┘
//	   │
//	   │   Write, Close                    net.Conn.Write
//	   └───────────────►  pending  ──── flusher ──────────►  system
//
// The watcher reads into a buffer of 1 KiB, hands it over and waits until it was parsed
// and more is asked for. The flusher exists only while bytes wait to be written; frames
// that wait together leave together. Abort closes the socket from anywhere and tells
// when nothing is left.
//
// # Decisions
//
// Frames are parsed and written by code of our own, over gobwas/ws for the
// handshake and the masking: the parser is fed with whatever has arrived,
// instead of reading until a frame is whole, and enforces limits before it
// takes memory. It is strict (RFC 6455), with one exception that servers need:
// close codes that must not be on the wire are reported as they came.
//
// A stream of bytes is the same Conn with another framing: what has arrived is a
// frame, and what is written goes as it is. So readiness, limits, endings and
// Abort are the same for a protocol that frames itself, and its sessions need not
// know which of the two carries them.
//
// A stream has no closing handshake, so Close ends our side and leaves the
// peer's open: what it still says is heard, and its EOF is the answer.
//
// The poller has its descriptors to itself: one that the runtime watches as well wakes
// both for every event. Its epoll instance, on the other hand, is watched by the
// runtime, so that waiting blocks no thread. It reports edges, so that nothing is armed
// anew.
//
// What is reported is handled where it was found. To wake a goroutine for each report
// doubled what a small message costs; so the one that looks for events does the work,
// and a timer finds the one that is kept by it.
//
// A ping is answered by the Conn, because a late answer ends connections; at
// most one answer waits, the latest.
//
// permessage-deflate is offered without context takeover only (RFC 7692,
// 7.1.1): a window per connection would be 32 KiB and more for each of many
// idle connections.
//
// An answer to the upgrade that gobwas/ws finds too odd, such as HTTP/1.0 from
// a load balancer, is read again as plain HTTP: its status is the reason.
//
// Redirects are not followed: the address of a channel is its owner's to
// change, and credentials must not travel to where somebody else points.
//
// Reasons show no user information, no values of queries, no headers.
package transport
