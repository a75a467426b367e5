package api_test

import (
	"bufio"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"abad/access"
	"abad/api"
	"abad/api/apitest"
)

// example is a command of the documentation, and what it has to print; "..." stands
// for anything.
type example struct{ command, want string }

// examples are the commands of the sh blocks of a page.
func examples(t *testing.T, file string) (list []example) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inside := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		switch text, isOutput := strings.CutPrefix(line, "#"); {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh"
		case !inside:
		case isOutput:
			list[len(list)-1].want += strings.TrimPrefix(text, " ") + "\n"
		default:
			list = append(list, example{command: line})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// The commands of docs/api.md do what it says, against a real node.
func TestDocs(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	n := single(t)
	token := access.NewToken()
	conf := api.Config{
		Node: api.Of(n), Proofs: n, Backup: n, Decisions: n, Agreements: n, Watch: n,
		Metrics: prometheus.NewRegistry(), Level: new(slog.LevelVar),
		Policy: func() access.Policy {
			return access.Policy{Grants: access.Grants{{Name: "docs", Role: access.Read, Hash: token.Hash()}}}
		},
	}
	url, _ := apitest.Serve(t, conf)
	list, dir := examples(t, "../docs/api.md"), t.TempDir()
	if len(list) < 15 {
		t.Fatalf("only %d commands were found", len(list))
	}
	for _, e := range list {
		if strings.HasPrefix(e.command, "export API=") {
			continue
		}
		cmd := exec.Command(shell, "-ec", e.command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "API="+url, "ABAD_TOKEN="+string(token), "no_proxy=*", "NO_PROXY=*")
		cmd.Env = append(cmd.Env, withCurl(t, t.TempDir())...)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s\n%v %s", e.command, err, errs.String())
		}
		if want := pattern(e.want); !want.MatchString(string(out)) {
			t.Errorf("%s\nprints\n%.2000s\nand not\n%s", e.command, out, e.want)
		}
	}
}

// pattern makes "..." anything.
func pattern(want string) *regexp.Regexp {
	parts := strings.Split(strings.TrimSuffix(want, "\n"), "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\s*\z`)
}

// withCurl is the environment in which there is a curl: the machine's, or ours.
func withCurl(t *testing.T, dir string) []string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err == nil && os.Getenv("ABAD_TEST_OWN_CURL") == "" {
		return nil
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "curl")); err != nil {
		t.Fatal(err)
	}
	return []string{"ABAD_TEST_CURL=1", "PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")}
}
