package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The daemon that lies is built, takes part, and does no harm to three loyal ones;
// the program that built it is no traitor itself, whatever its environment says.
func TestRealGenerals(t *testing.T) {
	cmd := program(t, "generals", "--real", "--orders", "attack,attack,attack")
	cmd.Env = append(cmd.Env, "ABAD_LIE=split", "ABAD_LOYAL=1")
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
	text := string(said)
	for _, line := range []string{
		"  general 4 is a traitor: attack to some, retreat to the others, in everything he says\n",
		"agreement: all 3 loyal generals attack\nvalidity: and that is what they all were for\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in:\n%s", line, text)
		}
	}
	if got := strings.Count(text, " decides to attack: "); got != 3 {
		t.Errorf("%d decisions in:\n%s", got, text)
	}
}

// A silent one is enough to stop two others; and the daemons are those of this test.
func TestRealGeneralsTooFew(t *testing.T) {
	text := abad(t, "generals", "--real", "--generals", "3", "--lie", "silent")
	if want := "no decision: generals 1,2 wait for ever\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
}

// Without Go, or without the source, it says so and how to go on.
func TestRealGeneralsWithoutGo(t *testing.T) {
	path, err := exec.LookPath("abad")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "generals", "--real")
	cmd.Env = []string{"PATH=" + filepath.Dir(path), "TMPDIR=" + t.TempDir()}
	said, err := cmd.CombinedOutput()
	if _, is := err.(*exec.ExitError); !is || !strings.Contains(string(said), "there is no Go toolchain in the path\nabad: hint: install Go, or leave --real out") {
		t.Errorf("%v:\n%s", err, said)
	}
}

// What docs/generals.md shows is what these commands print: whole runs, or the end
// of one where it says so.
func TestGeneralsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/generals.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, block := range strings.Split(string(page), "```\n") {
		command, want, ok := strings.Cut(block, "\n")
		command, is := strings.CutPrefix(command, "$ abad ")
		if !ok || !is || !strings.Contains(command, "--seed") {
			continue
		}
		command, end := strings.CutSuffix(command, "   # the end of it")
		got, _, _ := strings.Cut(abad(t, strings.Fields(command)...), "\nthe same again: ")
		if got != want && !(end && strings.HasSuffix(got, want)) {
			t.Errorf("abad %s prints\n%s\nand the page has\n%s", command, got, want)
		}
		shown++
	}
	if shown < 5 {
		t.Errorf("the page shows %d runs", shown)
	}
}
