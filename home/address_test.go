package home

import "testing"

func TestAPIURL(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:7500": "http://127.0.0.1:7500", "localhost:1": "http://localhost:1", "[::1]:7500": "http://[::1]:7500",
		"10.0.0.1:7500": "https://10.0.0.1:7500", "a.example:7500": "https://a.example:7500",
	} {
		if got := APIURL(address); got != want {
			t.Errorf("%s is %s, not %s", address, got, want)
		}
	}
}
