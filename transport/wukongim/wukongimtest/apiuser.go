package wukongimtest

import "net/http"

// userToken is POST /user/token.
func userToken(s *Server, r *request) (any, error) {
	var in struct {
		UID    string `json:"uid"`
		Token  string `json:"token"`
		Device byte   `json:"device_flag"`
		Level  byte   `json:"device_level"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	switch {
	case in.UID == "":
		return nil, refusal{http.StatusBadRequest, "uid不能为空！"}
	case in.Token == "":
		return nil, refusal{http.StatusBadRequest, "token不能为空！"}
	}
	s.SetToken(in.UID, in.Device, in.Token, in.Level)
	return done, nil
}

// userQuit is POST /user/device_quit. It knows nobody whom it cannot end.
func userQuit(s *Server, r *request) (any, error) {
	var in struct {
		UID    string `json:"uid"`
		Device int    `json:"device_flag"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	s.Quit(in.UID, in.Device)
	return done, nil
}

// userOnline is POST /user/onlinestatus. Who is offline is left out.
func userOnline(s *Server, r *request) (any, error) {
	var uids []string
	if err := r.read(&uids); err != nil {
		return nil, err
	}
	type row struct {
		UID    string `json:"uid"`
		Device byte   `json:"device_flag"`
		Online int    `json:"online"`
	}
	rows := []row{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, uid := range uids {
		u := s.world.users[uid]
		if u == nil {
			continue
		}
		seen := map[byte]bool{}
		u.each(-1, func(c *Conn) {
			if !seen[c.device.flag] {
				seen[c.device.flag] = true
				rows = append(rows, row{uid, c.device.flag, 1})
			}
		})
	}
	return rows, nil
}
