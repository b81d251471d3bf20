/** What is done with a photograph's pixels. Each operation gives a tile of the contact sheet, or a fingerprint. */
import sharp, { type Sharp } from 'sharp';
import { defineTasks } from '../../src/index.ts';
import { countBrightness, differenceHash, type Size, sobel } from '../support/pixels.ts';

/** As wide as there are degrees of brightness. */
export const TILE: Size = { width: 256, height: 192 };

/** Sharp reads the very bytes of a view, wherever they are. */
function picture(pixels: Uint8Array, size: Size): Sharp {
  return sharp(pixels, { raw: { ...size, channels: 3 } });
}

function tile(pixels: Uint8Array, size: Size): Promise<Uint8Array> {
  return picture(pixels, size)
    .resize({ ...TILE, fit: 'contain', background: '#181a1e' })
    .raw()
    .toBuffer();
}

export const operations = {
  decode: (file: Uint8Array): Promise<Uint8Array> =>
    sharp(file).toColourspace('srgb').removeAlpha().raw().toBuffer(),

  thumbnail: tile,

  blur: async (pixels: Uint8Array, size: Size): Promise<Uint8Array> =>
    tile(await picture(pixels, size).blur(12).raw().toBuffer(), size),

  edges: (pixels: Uint8Array, size: Size): Promise<Uint8Array> => tile(sobel(pixels, size), size),

  histogram(pixels: Uint8Array): Uint8Array {
    const counts = countBrightness(pixels);
    const most = Math.max(...counts.flatMap((one) => [...one]));
    return Uint8Array.from({ length: 3 * TILE.width * TILE.height }, (_, index) => {
      const [x, y] = [Math.floor(index / 3) % TILE.width, Math.floor(index / 3 / TILE.width)];
      // By square roots: a bright sky would leave nothing to see of the rest.
      return Math.sqrt(counts[index % 3]![x]! / most) > 1 - y / TILE.height ? 220 : 24;
    });
  },

  async fingerprint(pixels: Uint8Array, size: Size): Promise<string> {
    const small = picture(pixels, size).greyscale().resize({ width: 9, height: 8, fit: 'fill' });
    return differenceHash(await small.raw().toBuffer())
      .toString(16)
      .padStart(16, '0');
  },
};

export const tasks = defineTasks(import.meta.url, operations);
