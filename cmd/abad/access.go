package main

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"

	"abad/access"
	"abad/api"
	"abad/home"
)

// openAPI opens the API's socket and says who may use it.
func openAPI(h *home.Home, log *slog.Logger) (api.Config, error) {
	conf := api.Config{Listen: h.Config.API, Origins: h.Config.Access.Origins, Log: log}
	var err error
	if conf.Policy, err = policy(h.Config.Access.Tokens, log); err != nil {
		return conf, err
	}
	if a := h.Config.Access; a.Certificate != "" {
		file, err := access.Open(func() (*tls.Certificate, error) { return access.LoadCertificate(a.Certificate, a.Key) },
			renewal(log, "api certificate", a.Certificate), a.Certificate, a.Key)
		if err != nil {
			return conf, hintf(err, "change certificate or key of [access] in %s", home.ConfigFile)
		}
		conf.TLS = access.TLS(file)
	}
	conf.Listener, err = conf.Open()
	if errors.Is(err, api.ErrNoToken) {
		return conf, hintf(err, "abad token new --home %s --role operate NAME", h.Dir)
	}
	if err != nil {
		return conf, hintf(err, "change api in %s, or stop who has it", home.ConfigFile)
	}
	return conf, nil
}

// policy reads the file of tokens whenever it changes. Once there was one, tokens
// are needed, also while it is away.
func policy(path string, log *slog.Logger) (func() access.Policy, error) {
	var enforced bool // File reads one at a time
	file, err := access.Open(func() (access.Policy, error) {
		grants, err := home.ReadTokens(path)
		if errors.Is(err, fs.ErrNotExist) {
			return access.Policy{Enforced: enforced}, nil
		}
		enforced = true
		return access.Policy{Enforced: true, Grants: grants}, err
	}, renewal(log, "api tokens", path), path)
	return file.Get, err
}

// renewal tells what came of reading a file again.
func renewal(log *slog.Logger, what, path string) func(error) {
	return func(err error) {
		if err != nil {
			log.Error(what+" could not be read again; the old ones are in use", "file", path, "err", err)
			return
		}
		log.Info(what+" read again", "file", path)
	}
}

// address is the URL of an API.
func address(conf api.Config) string {
	scheme := "http://"
	if conf.TLS != nil {
		scheme = "https://"
	}
	return scheme + conf.Listener.Addr().(*net.TCPAddr).String()
}
