package bench

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

const (
	plotWidth  = 8 * vg.Inch
	plotHeight = 4.5 * vg.Inch
)

// PlotRates draws latency against the rate that came out, one point for each
// result, as PNG.
func PlotRates(file string, results []Result) error {
	p := plot.New()
	p.Title.Text = "rate against latency"
	p.X.Label.Text, p.Y.Label.Text = "values per second", "latency, ms"
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	sorted := slices.Clone(results)
	slices.SortFunc(sorted, func(a, b Result) int { return int(math.Copysign(1, a.Values-b.Values)) })
	var lines []any
	for _, line := range []struct {
		name string
		of   func(Result) float64
	}{
		{"p50", func(r Result) float64 { return r.P50 }},
		{"p90", func(r Result) float64 { return r.P90 }},
		{"p99", func(r Result) float64 { return r.P99 }},
	} {
		var points plotter.XYs
		for _, r := range sorted {
			if y := line.of(r); y > 0 { // a logarithm has no place for none
				points = append(points, plotter.XY{X: r.Values, Y: y})
			}
		}
		if len(points) > 0 {
			lines = append(lines, line.name, points)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("plot %q: no result has a latency", file)
	}
	if err := plotutil.AddLinePoints(p, lines...); err != nil {
		return fmt.Errorf("plot %q: %w", file, err)
	}
	p.Legend.Top, p.Legend.Left = true, true
	return save(p, file)
}

// PlotTimeline draws rate and latency over the time of a run, with its faults
// marked, as PNG.
func PlotTimeline(file string, r Result) error {
	rate, p99, top := plotter.XYs{}, plotter.XYs{}, 0.0
	for _, m := range r.Timeline {
		rate = append(rate, plotter.XY{X: m.Second, Y: m.Rate})
		p99 = append(p99, plotter.XY{X: m.Second, Y: m.P99})
		top = max(top, m.Rate, m.P99)
	}
	if len(rate) == 0 {
		return fmt.Errorf("plot %q: the run has no timeline", file)
	}
	p := plot.New()
	p.Title.Text = fmt.Sprintf("%d nodes, values of %d bytes", r.Nodes, r.Size)
	p.X.Label.Text, p.Y.Label.Text = "seconds", "values per second; p99 in ms"
	p.Y.Min = 0
	p.Add(plotter.NewGrid())
	if err := plotutil.AddLines(p, "values/s", rate, "p99, ms", p99); err != nil {
		return fmt.Errorf("plot %q: %w", file, err)
	}
	for _, f := range r.Faults {
		line, err := plotter.NewLine(plotter.XYs{{X: f.At, Y: 0}, {X: f.At, Y: top}})
		if err != nil {
			return fmt.Errorf("plot %q: %w", file, err)
		}
		line.Color, line.Dashes = plotutil.Color(3), plotutil.Dashes(1)
		p.Add(line)
		p.Legend.Add(fmt.Sprintf("%s %d", f.Kind, f.Node), line)
	}
	p.Legend.Top = true
	return save(p, file)
}

func save(p *plot.Plot, file string) error {
	if err := p.Save(plotWidth, plotHeight, file); err != nil {
		return fmt.Errorf("plot %q: %w", file, err)
	}
	return nil
}
