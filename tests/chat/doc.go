// Package chat holds no code, only proof: channels of a fleet talk to WuKongIM servers.
//
// Stories play against the fake of both generations in virtual time. Each is a trace in
// testdata: who said what on the wire, what the fleet made of it, and what listeners of
// the two SDKs would have been called with. Parties are real: twenty users chat in a
// group over real sockets that are cut again and again, on the fake, and on a live
// server if the environment names one:
//
//	WUKONG_TCP=host:5100 WUKONG_WS=ws://host:5200 WUKONG_API=http://host:5001 go test -v -run Live ./tests/chat
//
// After a change that is meant, the traces are written anew, to be read in the diff:
//
//	go test ./tests/chat -run Story -update
package chat
