/** The flights as columns of typed arrays, read from the parquet file that the package `vega-datasets` carries. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** One row per flight. */
export interface Columns {
  /** Minutes the flight was late; below zero when it was early. */
  readonly delay: Float64Array;
  /** Miles. */
  readonly distance: Float64Array;
  /** Hour of the day of departure, 0 to 23. */
  readonly hour: Uint8Array;
  /** Airport of departure, as an index into the names. */
  readonly origin: Uint16Array;
}

/** The columns, and what their codes mean. */
export interface Flights {
  readonly columns: Columns;
  readonly airports: readonly string[];
}

/** Where the file is. */
export function flightsFile(): string {
  // The package exports its code alone; the data lies beside it.
  const code = createRequire(import.meta.url).resolve('vega-datasets');
  return join(dirname(dirname(code)), 'data', 'flights-3m.parquet');
}

/** Reads the first `rows` flights (all when undefined). `onProgress` hears the part done, 0 to 1. */
export async function readFlights(
  rows: number | undefined,
  onProgress: (part: number) => void = () => {},
): Promise<Flights> {
  const file = await asyncBufferFromFile(flightsFile());
  const metadata = await parquetMetadataAsync(file);
  const count = Math.min(rows ?? Number.POSITIVE_INFINITY, Number(metadata.num_rows));
  const columns = {
    delay: new Float64Array(count),
    distance: new Float64Array(count),
    hour: new Uint8Array(count),
    origin: new Uint16Array(count),
  };
  const codes = new Map<string, number>();
  const codeOf = (airport: string): number => {
    const known = codes.get(airport);
    if (known !== undefined) return known;
    codes.set(airport, codes.size);
    return codes.size - 1;
  };
  const fill: { readonly [name: string]: (row: number, value: unknown) => void } = {
    delay: (row, value) => {
      columns.delay[row] = Number(value);
    },
    distance: (row, value) => {
      columns.distance[row] = Number(value);
    },
    date: (row, value) => {
      columns.hour[row] = value instanceof Date ? value.getUTCHours() : 0;
    },
    origin: (row, value) => {
      columns.origin[row] = codeOf(String(value));
    },
  };
  let cells = 0;
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: Object.keys(fill),
    rowStart: 0,
    rowEnd: count,
    // Column chunks go straight into the typed arrays: three million row objects would take a gigabyte.
    onChunk: ({ columnName, columnData, rowStart }) => {
      const set = fill[columnName];
      const end = Math.min(columnData.length, count - rowStart);
      for (let index = 0; index < end; index++) set?.(rowStart + index, columnData[index]);
      cells += end;
      onProgress(cells / (count * Object.keys(fill).length));
    },
  });
  return { columns, airports: [...codes.keys()] };
}
