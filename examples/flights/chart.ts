/** The chart: delay by hour, delay by airport, and density of distance and delay, as one SVG. */
import { round, rule, scale, text, ticks } from '../support/svg.ts';
import { DENSITY } from './kernels.ts';
import type { DelaySummary } from './percentiles.ts';

/** What the chart shows. */
export interface ChartData {
  readonly flights: number;
  readonly hours: readonly DelaySummary[];
  readonly airports: readonly (DelaySummary & { readonly name: string })[];
  readonly density: ArrayLike<number>;
}

interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const SIZE = { width: 1200, height: 860 };
const HOURS: Panel = { left: 80, top: 110, width: 620, height: 280 };
const AIRPORTS: Panel = { left: 840, top: 110, width: 300, height: 650 };
const HEAT: Panel = { left: 80, top: 480, width: 560, height: 280 };
const INK = '#1f2933';
const FAINT = '#d9dee4';
const BLUE = '#2b6cb0';
const ORANGE = '#dd6b20';
const DASHES = '6 4';

/** Draws it. */
export function renderChart(data: ChartData): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="white"/>`,
    text(80, 44, `Delays of ${data.flights.toLocaleString('en-US')} US flights`, {
      size: 24,
      weight: 'bold',
    }),
    text(80, 68, 'Computed by several worker threads from one copy of the columns in shared memory', {
      fill: '#52606d',
    }),
    ...hourPanel(data.hours),
    ...airportPanel(data.airports),
    ...heatPanel(data.density),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function hourPanel(hours: readonly DelaySummary[]): string[] {
  const low = Math.min(-20, ...hours.map((hour) => hour.p10));
  const high = Math.max(20, ...hours.map((hour) => hour.p90));
  const x = scale(0, 23, HOURS.left, HOURS.left + HOURS.width);
  const y = scale(low, high, HOURS.top + HOURS.height, HOURS.top);
  const line = (value: (hour: DelaySummary) => number): string =>
    hours.map((hour) => `${round(x(hour.key))},${round(y(value(hour)))}`).join(' ');
  const back = [...hours].reverse().map((hour) => `${round(x(hour.key))},${round(y(hour.p10))}`);
  const parts = [heading(HOURS, 'Delay by hour of departure, in minutes')];
  for (const minutes of ticks(low, high, 6)) {
    parts.push(
      rule(HOURS.left, y(minutes), HOURS.left + HOURS.width, y(minutes), minutes === 0 ? '#9aa5b1' : FAINT),
    );
    parts.push(text(HOURS.left - 8, y(minutes) + 4, String(minutes), { anchor: 'end' }));
  }
  for (let hour = 0; hour < 24; hour += 3) {
    parts.push(text(x(hour), HOURS.top + HOURS.height + 20, `${hour}:00`, { anchor: 'middle' }));
  }
  parts.push(
    `<polygon points="${line((hour) => hour.p90)} ${back.join(' ')}" fill="${BLUE}" opacity="0.18"/>`,
  );
  parts.push(
    `<polyline points="${line((hour) => hour.p50)}" fill="none" stroke="${BLUE}" stroke-width="2.5"/>`,
  );
  parts.push(
    `<polyline points="${line((hour) => hour.mean)}" fill="none" stroke="${ORANGE}" stroke-width="2" stroke-dasharray="${DASHES}"/>`,
  );
  const legend = HOURS.top + 18;
  const right = HOURS.left + HOURS.width;
  parts.push(
    `<rect x="${right - 290}" y="${legend - 10}" width="22" height="11" fill="${BLUE}" opacity="0.18"/>`,
  );
  parts.push(text(right - 262, legend, '10 % to 90 %'));
  parts.push(rule(right - 168, legend - 4, right - 146, legend - 4, BLUE, 2.5));
  parts.push(text(right - 140, legend, 'median'));
  parts.push(rule(right - 76, legend - 4, right - 54, legend - 4, ORANGE, 2, DASHES));
  parts.push(text(right - 48, legend, 'mean'));
  return parts;
}

function airportPanel(airports: ChartData['airports']): string[] {
  const most = Math.max(0.01, ...airports.map((airport) => airport.lateShare));
  const x = scale(0, most, AIRPORTS.left, AIRPORTS.left + AIRPORTS.width);
  const step = AIRPORTS.height / Math.max(1, airports.length);
  const parts = [heading(AIRPORTS, `Over 15 minutes late, ${airports.length} busiest airports`)];
  airports.forEach((airport, index) => {
    const top = AIRPORTS.top + index * step;
    const middle = top + step / 2 + 4;
    const width = round(x(airport.lateShare) - AIRPORTS.left);
    parts.push(
      `<rect x="${AIRPORTS.left}" y="${round(top + 2)}" width="${width}" height="${round(step - 4)}" fill="${BLUE}" opacity="0.75"/>`,
    );
    parts.push(text(AIRPORTS.left - 8, middle, airport.name, { anchor: 'end' }));
    const percent = `${(airport.lateShare * 100).toFixed(1)} %`;
    // Inside the bar when it is long enough, behind it otherwise.
    if (width > 70)
      parts.push(text(AIRPORTS.left + width - 6, middle, percent, { anchor: 'end', fill: 'white' }));
    else parts.push(text(AIRPORTS.left + width + 6, middle, percent));
  });
  return parts;
}

function heatPanel(density: ArrayLike<number>): string[] {
  const { distanceBins, distanceStep, delayBins, delayStep, delayStart } = DENSITY;
  const x = scale(0, distanceBins, HEAT.left, HEAT.left + HEAT.width);
  const y = scale(0, delayBins, HEAT.top + HEAT.height, HEAT.top);
  const most = Math.log1p(Math.max(...Array.from(density)));
  const parts = [heading(HEAT, 'Flights by distance (miles) and delay (minutes)')];
  const cell = {
    width: round(HEAT.width / distanceBins + 0.4),
    height: round(HEAT.height / delayBins + 0.4),
  };
  for (let column = 0; column < distanceBins; column++) {
    for (let row = 0; row < delayBins; row++) {
      const flights = density[column * delayBins + row] ?? 0;
      if (flights === 0) continue;
      const fill = heatColour(Math.log1p(flights) / most);
      parts.push(
        `<rect x="${round(x(column))}" y="${round(y(row + 1))}" width="${cell.width}" height="${cell.height}" fill="${fill}"/>`,
      );
    }
  }
  parts.push(
    `<rect x="${HEAT.left}" y="${HEAT.top}" width="${HEAT.width}" height="${HEAT.height}" fill="none" stroke="${FAINT}"/>`,
  );
  for (let miles = 0; miles <= distanceBins * distanceStep; miles += 500) {
    const place = x(miles / distanceStep);
    parts.push(text(place, HEAT.top + HEAT.height + 20, miles.toLocaleString('en-US'), { anchor: 'middle' }));
  }
  for (let minutes = delayStart; minutes <= delayStart + delayBins * delayStep; minutes += 30) {
    parts.push(
      text(HEAT.left - 8, y((minutes - delayStart) / delayStep) + 4, String(minutes), { anchor: 'end' }),
    );
  }
  return [...parts, ...heatLegend(Math.expm1(most))];
}

function heatLegend(most: number): string[] {
  const left = HEAT.left + HEAT.width + 24;
  const parts: string[] = [];
  const steps = 40;
  for (let step = 0; step < steps; step++) {
    const top = HEAT.top + HEAT.height * (1 - (step + 1) / steps);
    parts.push(
      `<rect x="${left}" y="${round(top)}" width="14" height="${round(HEAT.height / steps + 0.4)}" fill="${heatColour((step + 0.5) / steps)}"/>`,
    );
  }
  parts.push(text(left + 20, HEAT.top + 10, Math.round(most).toLocaleString('en-US')));
  parts.push(text(left + 20, HEAT.top + HEAT.height, '1'));
  parts.push(text(left + 20, HEAT.top + HEAT.height / 2 - 2, 'flights'));
  parts.push(text(left + 20, HEAT.top + HEAT.height / 2 + 14, '(log)'));
  return parts;
}

/** From pale yellow over orange to dark purple, as `#rrggbb`: not all viewers know other spellings. */
function heatColour(part: number): string {
  const hue = (50 - 110 * part + 360) % 360;
  const lightness = (92 - 70 * part) / 100;
  const chroma = 0.8 * Math.min(lightness, 1 - lightness);
  const channels = [0, 8, 4].map((offset) => {
    const sector = (offset + hue / 30) % 12;
    const value = lightness - chroma * Math.max(-1, Math.min(sector - 3, 9 - sector, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${channels.join('')}`;
}

function heading(panel: Panel, content: string): string {
  return text(panel.left, panel.top - 14, content, { size: 15, weight: 'bold' });
}
