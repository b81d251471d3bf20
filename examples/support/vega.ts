/** Data that the package `vega-datasets` carries: airports, and columns of parquet files. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Where a file of the package is. It exports its code alone; the data lies beside it. */
export function vegaFile(name: string): string {
  return join(dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets'))), 'data', name);
}

/** Airports that airlines fly from. */
export function readAirports(): {
  readonly code: string;
  readonly latitude: number;
  readonly longitude: number;
}[] {
  const lines = (name: string): string[][] =>
    readFileSync(vegaFile(name), 'utf8')
      .split('\n')
      .map((line) => line.trim().split(','));
  const served = new Set(lines('flights-airport.csv').map(([origin]) => origin));
  return lines('airports.csv')
    .filter(([code]) => served.has(code))
    .map((cells) => ({
      code: cells[0] ?? '',
      // The name of a place may have commas, so the numbers are counted from the end.
      latitude: Number(cells.at(-2)),
      longitude: Number(cells.at(-1)),
    }));
}

/** Some columns of a parquet file, a group of rows at a time; the first `rows` of them. */
export async function* readRowGroups<Name extends string>(
  path: string,
  columns: readonly Name[],
  rows: number,
): AsyncGenerator<Record<Name, unknown[]>> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = Math.min(rows, rowStart + Number(group.num_rows));
    if (rowEnd <= rowStart) return;
    const table = Object.fromEntries(columns.map((name) => [name, new Array<unknown>(rowEnd - rowStart)]));
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: [...columns],
      rowStart,
      rowEnd,
      // A chunk may begin before the rows that were asked for.
      onChunk({ columnName, columnData, rowStart: first }) {
        const column = table[columnName]!;
        for (
          let row = Math.max(0, rowStart - first);
          row < Math.min(columnData.length, rowEnd - first);
          row++
        )
          column[first + row - rowStart] = columnData[row];
      },
    });
    yield table as Record<Name, unknown[]>;
    rowStart = rowEnd;
  }
}

/** The flights of early 2001 in order of time, in large portions: rows of minute since New Year, airport's index, delay. */
export async function* readFlightRows(rows: number): AsyncGenerator<Float32Array> {
  const newYearMs = Date.UTC(2001, 0, 1);
  const indexes = new Map<unknown, number>(readAirports().map(({ code }, index) => [code, index]));
  const groups = readRowGroups(vegaFile('flights-3m.parquet'), ['date', 'origin', 'delay'], rows);
  for await (const { date, origin, delay } of groups) {
    const table = new Float32Array(3 * date.length);
    for (let row = 0; row < date.length; row++) {
      table[3 * row] = (Number(date[row]) - newYearMs) / 60_000;
      table[3 * row + 1] = indexes.get(origin[row]) ?? -1;
      table[3 * row + 2] = Number(delay[row]);
    }
    yield table;
  }
}
