// Package api is a client of WuKongIM's HTTP API: what programs do for the users of
// their server, what tests and examples need, and what a session fetches that the
// socket does not tell.
//
//	client := &api.Client{URL: "http://127.0.0.1:5001"}
//	err := client.SetToken(ctx, api.Token{UID: "alice", Token: secret})
//	err = client.CreateChannel(ctx, api.Channel{ID: "g1", Type: 2}, "alice", "bob")
//
// Every call ends with its context, and after Client.Timeout. A Client may be used by
// any number of goroutines. It follows no redirects: what it sends is for that server.
//
// # Errors
//
// All errors are *messages.Error. Their reason says what to do:
//
//	ReasonRefused, ReasonDNS, ReasonTLS ...  the server was not reached
//	ReasonTryLater                           it did not answer in time, or said 5xx; RetryAfter if it named one
//	ReasonRateLimited                        429; RetryAfter if it named one
//	ReasonForbidden                          401 or 403: Client.Token is not what it wants
//	ReasonNotSupported                       404: it is of a generation without that call
//	ReasonNack                               it refused, and Wire has its words
//	ReasonProtocolError                      the answer is none
//	ReasonInvalidSpec                        the Client or the question will not do; nothing was sent
//
// They show neither tokens nor payloads, nor the user information of a URL.
//
// # Two generations
//
// Version 2 answers everything that it refuses with 400 and a text, in Chinese for the
// most part. It has [Client.Kick], [Client.Connections] and [Client.MaxSeq]; version 3
// has none of these. [Client.Member] is the one question that version 2 cannot answer.
//
// # Limits
//
// An answer has 16 MiB at most. A page of a history has as many messages as were asked
// for, 1,000 at most.
package api
