package flp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"reflect"
	"strings"
	"testing"
)

func TestOutputs(t *testing.T) {
	p := Plan{Nodes: []int{4, 7}, Coins: Coins(), Liars: AllFaulty, Seeds: 5, MaxRounds: 400}
	cells := 0
	report, err := p.Run(context.Background(), func(Cell) { cells++ })
	if err != nil || cells != 6 || len(report.Cells) != 6 {
		t.Fatalf("%d cells: %v", cells, err)
	}

	var table, picture bytes.Buffer
	if err := report.Print(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"none", "local", "common", "for ever", "95 % interval", "0.5000"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, table.String())
		}
	}

	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := json.Unmarshal(data, &again); err != nil || !reflect.DeepEqual(again, report) {
		t.Errorf("JSON gives back something else: %v\n%s", err, data)
	}

	if err := report.PNG(&picture); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&picture)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 1950 || size.Y != 825 {
		t.Errorf("the picture has %v", size)
	}
}

// Every choice of coins can be drawn and printed.
func TestPartsCanBeDrawn(t *testing.T) {
	for _, coin := range Coins() {
		p := Plan{Nodes: []int{4}, Coins: []Coin{coin}, Liars: 0, Seeds: 2, MaxRounds: 4}
		report, err := p.Run(context.Background(), func(Cell) {})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := errors.Join(report.Print(&out), report.PNG(&out)); err != nil {
			t.Errorf("%v: %v", coin, err)
		}
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := Plan{Nodes: []int{4}, Coins: Coins(), Liars: AllFaulty, Seeds: 1, MaxRounds: 4}
	if _, err := p.Run(ctx, func(Cell) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestCoinNames(t *testing.T) {
	for _, c := range Coins() {
		if again, err := ParseCoin(c.String()); err != nil || again != c {
			t.Errorf("%v came back as %v: %v", c, again, err)
		}
	}
	if _, err := ParseCoin("fair"); err == nil || !strings.Contains(err.Error(), "none, local, common") {
		t.Errorf("an unknown coin: %v", err)
	}
}
