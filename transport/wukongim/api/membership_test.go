package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

const (
	list    = "/cluster/channels/g/2/subscribers"
	syncing = "/channel/messagesync"
)

func TestWhoIsIn(t *testing.T) {
	outside := says(400, `{"msg":"internal/message: valid channel membership required","status":400}`)
	for name, c := range map[string]struct {
		server  answers
		channel Channel
		want    Membership
		fails   messages.Code
		asked   int
	}{
		"version 2 lists the user":             {answers{list: says(200, `["u0","u1"]`)}, g, Member, 0, 1},
		"version 2 lists others":               {answers{list: says(200, `["u10"]`)}, g, NotMember, 0, 1},
		"version 2 lists nobody":               {answers{list: says(200, `[]`)}, g, NotMember, 0, 1},
		"version 2 lists too many":             {answers{list: says(200, `["`+strings.Repeat("x", 1<<20)+`"]`)}, g, CannotTell, 0, 1},
		"version 2 is in trouble":              {answers{list: says(400, `{"msg":"获取频道所在节点失败！","status":400}`)}, g, CannotTell, messages.ReasonNack, 1},
		"version 3 shows the history":          {answers{syncing: says(200, history3)}, g, Member, 0, 2},
		"version 3 shows an empty one":         {answers{syncing: says(200, `{"messages":[]}`)}, g, Member, 0, 2},
		"version 3 knows no such member":       {answers{syncing: outside}, g, NotMember, 0, 2},
		"version 3 knows that it is over":      {answers{syncing: says(400, `{"msg":"internal/message: channel disbanded","status":400}`)}, g, NoSuchChannel, 0, 2},
		"version 3 refuses for another reason": {answers{syncing: says(400, `{"msg":"数据格式有误！","status":400}`)}, g, CannotTell, messages.ReasonNack, 2},
		"a server that has neither":            {answers{}, g, CannotTell, messages.ReasonNotSupported, 2},
		"the manager's token is wrong":         {answers{list: says(401, ``)}, g, CannotTell, messages.ReasonForbidden, 1},
		"a slash, in version 2":                {answers{syncing: says(200, `{"messages":[]}`)}, Channel{"a/b", 2}, CannotTell, 0, 1},
		"a slash, in version 3":                {answers{syncing: outside}, Channel{"a/b", 2}, NotMember, 0, 1},
		"a name that is a way up":              {answers{syncing: outside}, Channel{"..", 2}, NotMember, 0, 1},
		"two persons":                          {answers{}, Channel{"bob", 1}, CannotTell, 0, 0},
		"customers and those who serve them":   {answers{}, Channel{"c", 3}, CannotTell, 0, 0},
		"a channel of whom one message is for": {answers{}, Channel{"t", 8}, CannotTell, 0, 0},
		"a visitor":                            {answers{}, Channel{"v", 10}, CannotTell, 0, 0},
		"a channel without a type":             {answers{}, Channel{ID: "g"}, CannotTell, messages.ReasonInvalidSpec, 0},
	} {
		t.Run(name, func(t *testing.T) {
			client, desk := open(t, c.server.serve)
			got, err := client.Member(t.Context(), "u1", c.channel)
			same(t, "the answer", got, c.want)
			same(t, "the reason", reasonFor(t, err).Code, c.fails)
			same(t, "the number of questions", len(desk.log()), c.asked)
		})
	}
}

func TestMembershipsHaveNames(t *testing.T) {
	same(t, "the names", fmt.Sprint(CannotTell, Member, NotMember, NoSuchChannel, Membership(9)), "CannotTell Member NotMember NoSuchChannel Membership(9)")
}
