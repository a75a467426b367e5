package teeth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"abad/sim/teeth/found"
)

// Root is the module's directory.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// apply gives the patched text of every file that the bug touches.
func (b Bug) apply(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, p := range b.Patches {
		path := filepath.Join(root, filepath.FromSlash(p.File))
		text, patched := texts[path]
		if !patched {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		if n := strings.Count(text, p.Old); n != 1 {
			return nil, fmt.Errorf("bug %s: the text %q occurs %d times in %s, and must occur once", b.Name, p.Old, n, p.File)
		}
		texts[path] = strings.Replace(text, p.Old, p.New, 1)
	}
	return texts, nil
}

// Build compiles the hunter with the bug in it, in dir, and returns its path.
func (b Bug) Build(ctx context.Context, root, dir string) (string, error) {
	texts, err := b.apply(root)
	if err != nil {
		return "", err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for path, text := range texts {
		copied := filepath.Join(dir, fmt.Sprintf("%s-%d.go", b.Name, len(overlay.Replace)))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		overlay.Replace[path] = copied
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, b.Name+".json")
	if err := os.WriteFile(list, data, 0o600); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, b.Name)
	build := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-ldflags", "-s -w", "-o", binary, "./sim/teeth/hunt")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bug %s does not compile: %w\n%s", b.Name, err, out)
	}
	return binary, nil
}

// Hunt runs a hunter for at most so many seeds from the first on.
func Hunt(ctx context.Context, binary string, first uint64, seeds int) (found.Found, error) {
	var f found.Found
	hunt := exec.CommandContext(ctx, binary, "-seed", strconv.FormatUint(first, 10), "-seeds", strconv.Itoa(seeds))
	var stderr bytes.Buffer
	hunt.Stderr = &stderr
	out, err := hunt.Output()
	if err != nil {
		return f, fmt.Errorf("hunt: %w: %s", err, stderr.Bytes())
	}
	return f, json.Unmarshal(out, &f)
}
