package flp

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Size of the picture; at 150 dots per inch it is 1950 by 825.
const (
	pictureWidth  = 13 * vg.Inch
	pictureHeight = 5.5 * vg.Inch
	pictureDPI    = 150
)

// Colours of Okabe and Ito, which nearly everybody can tell apart.
var colours = map[Coin]color.Color{
	None:   color.RGBA{R: 0, G: 0, B: 0, A: 255},
	Local:  color.RGBA{R: 213, G: 94, B: 0, A: 255},
	Common: color.RGBA{R: 0, G: 114, B: 178, A: 255},
}

// PNG draws the means over the number of nodes, and the tail of the common coin.
func (r Report) PNG(out io.Writer) error {
	means, err := r.means()
	if err != nil {
		return fmt.Errorf("plot of the means: %w", err)
	}
	tail, err := r.tail()
	if err != nil {
		return fmt.Errorf("plot of the tail: %w", err)
	}
	img := vgimg.NewWith(vgimg.UseWH(pictureWidth, pictureHeight), vgimg.UseDPI(pictureDPI))
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: vg.Centimeter, PadTop: vg.Millimeter * 4, PadBottom: vg.Millimeter * 4, PadLeft: vg.Millimeter * 4, PadRight: vg.Millimeter * 6}
	plots := [][]*plot.Plot{{means, tail}}
	for i, canvas := range plot.Align(plots, tiles, draw.New(img))[0] {
		plots[0][i].Draw(canvas)
	}
	_, err = vgimg.PngCanvas{Canvas: img}.WriteTo(out)
	return err
}

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size = 15
	p.Title.Padding = vg.Millimeter * 3
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font.Size = 13
		axis.Tick.Label.Font.Size = 12
	}
	p.Legend.TextStyle.Font.Size = 12
	p.Legend.ThumbnailWidth = vg.Centimeter
	p.Legend.Padding = vg.Millimeter
	p.Y.Scale = plot.LogScale{}
	return p
}

// means is random rounds until the decision over n.
func (r Report) means() (*plot.Plot, error) {
	p := newPlot("How long a worst-case scheduler can prevent a decision", "nodes", "random rounds until the decision")
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, color.Gray{Y: 220}
	p.Add(grid)
	top := 4.0
	var ticks plot.ConstantTicks
	for _, n := range r.Plan.Nodes {
		ticks = append(ticks, plot.Tick{Value: float64(n), Label: fmt.Sprint(n)})
	}
	for _, coin := range []Coin{None, Local, Common} {
		cells := r.of(coin)
		if len(cells) == 0 {
			continue
		}
		high, err := addMeans(p, coin, cells)
		if err != nil {
			return nil, err
		}
		top = max(top, high)
	}
	p.X.Tick.Marker = ticks
	p.X.Min, p.X.Max = p.X.Min-1, p.X.Max+1
	p.Y.Tick.Marker = powers{}
	p.Y.Min, p.Y.Max = 1, top*2
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.XOffs = vg.Millimeter * 3
	return p, nil
}

// addMeans draws what was measured with its intervals, and the theory as a line; or
// where no run decided, how long the runs were. It returns the highest point.
func addMeans(p *plot.Plot, coin Coin, cells []Cell) (top float64, err error) {
	var points struct {
		plotter.XYs
		plotter.YErrors
	}
	var theory plotter.XYs
	for _, c := range cells {
		x := float64(c.Nodes)
		if c.Mean == nil {
			longest := float64(c.Longest / 4)
			points.XYs = append(points.XYs, plotter.XY{X: x, Y: longest})
			top = max(top, longest)
			continue
		}
		points.XYs = append(points.XYs, plotter.XY{X: x, Y: c.Mean.Value})
		points.YErrors = append(points.YErrors, struct{ Low, High float64 }{c.Mean.Value - c.Mean.Low, c.Mean.High - c.Mean.Value})
		theory = append(theory, plotter.XY{X: x, Y: c.Theory})
		top = max(top, c.Mean.High)
	}
	marks, err := plotter.NewScatter(points.XYs)
	if err != nil {
		return 0, err
	}
	marks.GlyphStyle = draw.GlyphStyle{Color: colours[coin], Radius: vg.Points(3), Shape: draw.CircleGlyph{}}
	if coin == None {
		marks.Shape, marks.Radius = draw.TriangleGlyph{}, vg.Points(5)
	}
	p.Add(marks)
	p.Legend.Add(legends[coin], marks)
	if len(points.YErrors) != len(points.XYs) {
		return top, nil
	}
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return 0, err
	}
	bars.Color, bars.Width, bars.CapWidth = colours[coin], vg.Points(1.5), vg.Points(10)
	line, err := plotter.NewLine(theory)
	if err != nil {
		return 0, err
	}
	line.Color, line.Width, line.Dashes = colours[coin], vg.Points(1.5), []vg.Length{vg.Points(5), vg.Points(3)}
	p.Add(line, bars)
	p.Legend.Add("   its theory", line)
	return top, nil
}

var legends = map[Coin]string{
	None:   "no coin: undecided when the run was cut off",
	Local:  "a local coin per node: mean, 95 % interval",
	Common: "the common coin: mean, 95 % interval",
}

// tail is the share of runs that are still undecided, over random rounds.
func (r Report) tail() (*plot.Plot, error) {
	p := newPlot("The tail with the common coin", "random rounds", "share of runs still undecided")
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, color.Gray{Y: 220}
	p.Add(grid)
	lowest, last := 1.0, 1
	shapes := []draw.GlyphDrawer{draw.RingGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{}}
	for i, c := range r.of(Common) {
		var points plotter.XYs
		for k := 0; c.Undecided(k) > 0; k++ {
			points = append(points, plotter.XY{X: float64(k), Y: c.Undecided(k)})
			lowest, last = min(lowest, c.Undecided(k)), max(last, k)
			if k == len(c.Ended) {
				break // what is left was cut off
			}
		}
		marks, err := plotter.NewScatter(points)
		if err != nil {
			return nil, err
		}
		marks.GlyphStyle = draw.GlyphStyle{Color: colours[Common], Radius: vg.Points(4), Shape: shapes[i%len(shapes)]}
		p.Add(marks)
		p.Legend.Add(fmt.Sprintf("n = %d, %d runs", c.Nodes, c.Runs), marks)
	}
	theory := plotter.NewFunction(func(k float64) float64 { return math.Exp2(-k) })
	theory.Color, theory.Dashes = color.Black, []vg.Length{vg.Points(5), vg.Points(3)}
	p.Add(theory)
	p.Legend.Add("one half to the power of k", theory)
	p.X.Min, p.X.Max = 0, float64(last)+1
	p.X.Tick.Marker = whole{}
	p.Y.Tick.Marker = powers{}
	p.Y.Min, p.Y.Max = lowest/2, 1.5
	p.Legend.Top = true
	return p, nil
}

// powers puts a labelled tick at each power of ten.
type powers struct{}

func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Ceil(math.Log10(low)); ; e++ {
		v := math.Pow(10, e)
		if v > high {
			return ticks
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
	}
}

// whole puts a tick at every second whole number.
type whole struct{}

func (whole) Ticks(low, high float64) (ticks []plot.Tick) {
	for v := math.Ceil(low); v <= high; v += 2 {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f", v)})
	}
	return ticks
}
