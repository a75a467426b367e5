package home

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?$`)

// maxHost is the length of the longest name in the DNS (RFC 1035, section 2.3.4).
const maxHost = 253

// checkHost takes a name or an IP address that others can reach.
func checkHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.IsUnspecified() {
			return fmt.Errorf("%q means every interface, and is no address that others can reach", host)
		}
		return nil
	}
	if len(host) > maxHost || !hostName.MatchString(host) {
		return fmt.Errorf("%.300q is neither a host name nor an IP address", host)
	}
	return nil
}

// checkAddress takes host:port. Where others dial it, the host must be one that
// they can reach; where we listen, it may be empty or unspecified.
func checkAddress(address string, listen bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%.300q is not host:port", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || port != strconv.Itoa(n) {
		return fmt.Errorf("the port in %.300q is not a number from 1 to 65535", address)
	}
	if !listen {
		return checkHost(host)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return nil
	}
	return checkHost(host)
}

// place is what two spellings of one address have in common.
func place(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(host), "."), port)
}

// bareHost takes a host as a user gives it to Create, an IPv6 address perhaps in
// brackets.
func bareHost(host string) (string, error) {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if host == "" {
		return "", errors.New("a host is empty")
	}
	if _, _, err := net.SplitHostPort(host); err == nil {
		return "", fmt.Errorf("%.300q has a port: give hosts alone", host)
	}
	return host, checkHost(host)
}

// local reports whether only this machine can reach a host.
func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// APIURL is the URL of an API that a roster names by host:port: https, unless only
// this machine can reach it, since an API refuses plain HTTP anywhere else.
func APIURL(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil && local(host) {
		return "http://" + address
	}
	return "https://" + address
}
