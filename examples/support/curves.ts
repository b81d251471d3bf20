/** Curves over time, as an SVG picture. */
import { document, rule, scale, text, ticks } from './svg.ts';

/** A line of the chart: what was measured when. */
export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly { readonly ms: number; readonly value: number }[];
}

/** Values from 0 to 1, shown as percentages. */
export function renderCurves(title: string, curves: readonly Curve[]): string {
  const last = Math.max(...curves.flatMap(({ points }) => points.map(({ ms }) => ms)));
  const x = scale(0, last, 90, 860);
  const y = scale(0, 1, 460, 90);
  const parts: string[] = [];
  for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    parts.push(rule(90, y(value), 860, y(value), '#d9dee4'));
    parts.push(text(80, y(value) + 4, `${Math.round(value * 100)} %`, { anchor: 'end' }));
  }
  for (const ms of ticks(0, last, 8))
    parts.push(text(x(ms), 482, `${(ms / 1000).toFixed(1)} s`, { anchor: 'middle' }));
  curves.forEach(({ name, colour, points }, index) => {
    const line = points.map(({ ms, value }) => `${x(ms).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2.5"/>`);
    for (const { ms, value } of points)
      parts.push(`<circle cx="${x(ms).toFixed(1)}" cy="${y(value).toFixed(1)}" r="2.5" fill="${colour}"/>`);
    parts.push(rule(600, 380 + index * 24, 630, 380 + index * 24, colour, 2.5));
    parts.push(text(640, 384 + index * 24, name));
  });
  return document(900, 510, title, parts);
}
