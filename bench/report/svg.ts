/** Draws plots without a browser. */
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import type { Plot } from './plots.ts';

export async function drawPlot({ spec }: Plot): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
