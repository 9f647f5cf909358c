// Package interop holds no code, only proof: fleets on real sockets of this
// machine's loopback, against WebSocket servers that nobody of this house
// wrote. gorilla/websocket and coder/websocket stand for the servers people
// write in Go, an embedded nats-server for a backend with a protocol of its own,
// haproxy and nginx for what stands in between. It is a module of its own so
// that users of Holdfast never download those.
//
//	go -C tests/interop test -race ./...
//
// The proxies are started where they are installed, else their tests say that
// they are skipped. Nothing here sleeps until something ought to have happened:
// tests wait for what the fleet tells them.
package interop
