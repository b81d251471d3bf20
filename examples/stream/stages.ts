/**
 * The stages: each takes what it is given and emits what it makes of it, in whatever thread it runs. What flows is arrays of
 * numbers: rows of minute, airport and delay; then an hour with its airports and delays; then an hour with its map.
 */
import { HEIGHT, nearPlaces, WIDTH } from '../support/us-map.ts';
import { readAirports } from '../support/vega.ts';

/** What is left of the past after an hour. */
const FADING = 0.8;
const airports = readAirports();

export type Emit = (value: Float32Array) => void;

export const STAGES: { readonly [name: string]: (emit: Emit) => Emit } = {
  /** Cuts the flow into hours. */
  hours(emit) {
    let hour = [0];
    return (rows) => {
      for (let at = 0; at < rows.length; at += 3) {
        const now = Math.floor(rows[at]! / 60);
        if (now !== hour[0]) {
          emit(Float32Array.from(hour));
          hour = [now];
        }
        if (rows[at + 1]! >= 0) hour.push(rows[at + 1]!, rows[at + 2]!);
      }
    };
  },
  /** Maps the mean delay around each place: the last hours, and near and busy airports, count most. */
  maps(emit) {
    const near = nearPlaces(airports).map((places) => Float64Array.from(places));
    const flights = new Float64Array(airports.length);
    const minutes = new Float64Array(airports.length);
    return (hour) => {
      for (const sums of [flights, minutes]) for (let at = 0; at < sums.length; at++) sums[at]! *= FADING;
      for (let at = 1; at < hour.length; at += 2) {
        flights[hour[at]!]! += 1;
        minutes[hour[at]!]! += hour[at + 1]!;
      }
      const map = new Float32Array(1 + WIDTH * HEIGHT);
      map[0] = hour[0]!;
      for (let cell = 0; cell < near.length; cell++) {
        const places = near[cell]!;
        let [count, sum, closest] = [0.5, 0, 0];
        for (let at = 0; at < places.length; at += 2) {
          count += places[at + 1]! * flights[places[at]!]!;
          sum += places[at + 1]! * minutes[places[at]!]!;
          closest = Math.max(closest, places[at + 1]!);
        }
        map[1 + cell] = closest > 0.15 ? sum / count : Number.NaN;
      }
      emit(map);
    };
  },
};
