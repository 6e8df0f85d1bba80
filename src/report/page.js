// Draws the charts of a report in the browser. html.ts puts it into the page, behind the charting library.
// Every text goes to the page as text, never as markup: names in a report may be anything.
(() => {
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const uPlot = window.uPlot;
  const HEIGHT_PX = 300;
  const FONT = '12px system-ui, sans-serif';
  const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

  const short = (n) => {
    if (n === 0) return '0';
    const size = Math.abs(n);
    if (size >= 10_000) {
      return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(n);
    }
    return size >= 1 ? grouped.format(n) : String(Number(n.toPrecision(2)));
  };
  const FORMATS = {
    ms: (n) => (n >= 1_000 ? `${short(n / 1_000)} s` : `${short(n)} ms`),
    number: short,
    percent: (n) => `${short(100 * n)} %`,
    mebibytes: (n) => `${short(n)} MiB`,
    seconds: (n) => `${short(n)} s`,
    // 0 is 0 %, 1 is 90 %, 2 is 99 %, and so on.
    nines: (n) => `${Number((100 * (1 - 10 ** -n)).toFixed(Math.max(0, Math.ceil(n) - 1)))} %`,
  };

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faint = (name, alpha) => `color-mix(in srgb, ${color(name)} ${alpha}%, transparent)`;

  /** As wide as its longest label needs. */
  const axisSize = (plot, values) => {
    if (values === null) return 40;
    plot.ctx.save();
    plot.ctx.font = FONT;
    const widest = Math.max(0, ...values.map((text) => plot.ctx.measureText(text ?? '').width));
    plot.ctx.restore();
    return Math.ceil(widest) + 20;
  };

  const yAxis = (scale, axis, side) => ({
    scale,
    side,
    label: axis.label,
    labelSize: 20,
    labelFont: FONT,
    font: FONT,
    stroke: color('text'),
    size: axisSize,
    grid: { show: side === 3, stroke: color('grid'), width: 1 },
    ticks: { stroke: color('grid'), width: 1 },
    // A logarithmic axis has more ticks than can be read: the uPlot filter leaves empty labels.
    values: (_plot, splits) => splits.map((n) => (n === null ? '' : FORMATS[axis.unit](n))),
  });

  const xAxis = ({ label, unit }) => ({
    label,
    labelSize: 18,
    labelFont: FONT,
    font: FONT,
    stroke: color('text'),
    grid: { stroke: color('grid'), width: 1 },
    ticks: { stroke: color('grid'), width: 1 },
    values: (_plot, splits) => splits.map(FORMATS[unit]),
    ...(unit === 'nines' && {
      splits: (_plot, _axis, min, max) =>
        Array.from({ length: Math.floor(max) + 1 }, (_, i) => i).filter((i) => i >= min),
    }),
  });

  const seriesOf = (series, { left, right }) => {
    const { format } = { format: FORMATS[(series.axis === 'right' ? right : left).unit] };
    return {
      label: series.label,
      scale: series.axis === 'right' ? 'right' : 'left',
      stroke: color(series.ink),
      width: series.style === 'edge' ? 1 : 2,
      ...(series.style === 'dashed' && { dash: [6, 4] }),
      ...(series.style === 'points' && { paths: () => null }),
      points:
        series.style === 'points'
          ? { show: true, size: 7, fill: faint(series.ink, 60), stroke: color(series.ink) }
          : { show: false },
      ...(series.fillTo === 'zero' && { fill: faint(series.ink, 25) }),
      value: (_plot, value, _index, at) => {
        const told = series.told === undefined || at === null ? value : series.told[at];
        return told === null || told === undefined ? '–' : format(told);
      },
    };
  };

  const linear = { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] };
  const scaleOf = (axis) => (axis.log ? { distr: 3, log: 10 } : linear);

  const draw = (chart) => {
    const place = document.getElementById(`chart-${chart.id}`);
    place.replaceChildren();
    const width = () => Math.max(200, place.clientWidth);
    const plot = new uPlot(
      {
        width: width(),
        height: HEIGHT_PX,
        padding: [12, chart.right ? 4 : 16, 0, 4],
        scales: {
          x: {
            time: false,
            // One single interval, or one load only, would be an axis of no length.
            ...(chart.x.unit !== 'nines' && {
              range: (_plot, min, max) => (max > min ? [min, max] : [min - 1, min + 1]),
            }),
          },
          left: scaleOf(chart.left),
          ...(chart.right && {
            right: chart.right.unit === 'percent' ? { range: [0, 1] } : scaleOf(chart.right),
          }),
        },
        axes: [xAxis(chart.x), yAxis('left', chart.left, 3)].concat(
          chart.right ? [yAxis('right', chart.right, 1)] : [],
        ),
        series: [
          {
            label: chart.x.label,
            value: (_plot, value) => (value === null ? '–' : FORMATS[chart.x.unit](value)),
          },
          ...chart.series.map((series) => seriesOf(series, chart)),
        ],
        bands: chart.series.flatMap((series, i) =>
          typeof series.fillTo === 'number'
            ? [{ series: [i + 1, series.fillTo + 1], fill: faint(series.ink, 35) }]
            : [],
        ),
        cursor: { drag: { x: true, y: false } },
        legend: { live: true },
      },
      chart.values,
      place,
    );
    return { plot, resize: () => plot.setSize({ width: width(), height: HEIGHT_PX }) };
  };

  let drawn = [];
  const drawAll = () => {
    for (const { plot } of drawn) plot.destroy();
    drawn = charts.map(draw);
  };
  drawAll();
  // The theme may change while the page is open, as at dusk.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  let lastWidth = document.documentElement.clientWidth;
  new ResizeObserver(() => {
    if (document.documentElement.clientWidth === lastWidth) return;
    lastWidth = document.documentElement.clientWidth;
    for (const { resize } of drawn) resize();
  }).observe(document.documentElement);
  document.documentElement.dataset.drawn = String(drawn.length);
})();
