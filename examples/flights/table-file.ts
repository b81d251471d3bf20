/** The columns in one plain file, so that the processes that are compared need not decode parquet (and its memory). */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Columns, Flights } from './columns.ts';

interface Header {
  readonly rows: number;
  readonly airports: readonly string[];
}

const BYTES_PER_ROW = 8 + 8 + 1 + 2;

/** Bytes of the columns of so many rows. */
export function columnBytes(rows: number): number {
  return rows * BYTES_PER_ROW;
}

export function writeColumns(path: string, { columns, airports }: Flights): void {
  const header: Header = { rows: columns.delay.length, airports };
  writeFileSync(`${path}.json`, JSON.stringify(header));
  for (const [name, column] of Object.entries(columns)) writeFileSync(`${path}.${name}`, column);
}

export function readColumns(path: string): Flights {
  const header: Header = JSON.parse(readFileSync(`${path}.json`, 'utf8'));
  const bytes = (name: keyof Columns): ArrayBuffer => new Uint8Array(readFileSync(`${path}.${name}`)).buffer;
  return {
    columns: {
      delay: new Float64Array(bytes('delay')),
      distance: new Float64Array(bytes('distance')),
      hour: new Uint8Array(bytes('hour')),
      origin: new Uint16Array(bytes('origin')),
    },
    airports: header.airports,
  };
}
