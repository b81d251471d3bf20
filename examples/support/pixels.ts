/** Arithmetic on pixels: red, green and blue by turns, a row after the other. */
import sharp from 'sharp';

/** How large a picture is. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How steep the brightness is at each place, by Sobel's differences. */
export function sobel(pixels: Uint8Array, { width, height }: Size): Uint8Array {
  const steep = new Uint8Array(pixels.length);
  const light = Float32Array.from({ length: width * height }, (_, place) => {
    const at = 3 * place;
    return 0.3 * pixels[at]! + 0.6 * pixels[at + 1]! + 0.1 * pixels[at + 2]!;
  });
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const here = y * width + x;
      const near = (down: number, right: number): number => light[here + down * width + right]!;
      const across = near(-1, 1) + 2 * near(0, 1) + near(1, 1) - near(-1, -1) - 2 * near(0, -1) - near(1, -1);
      const along = near(1, -1) + 2 * near(1, 0) + near(1, 1) - near(-1, -1) - 2 * near(-1, 0) - near(-1, 1);
      steep.fill(Math.min(255, Math.hypot(across, along)), 3 * here, 3 * here + 3);
    }
  }
  return steep;
}

/** How many pixels have each brightness: 256 numbers for each of the three colours. */
export function countBrightness(pixels: Uint8Array): Uint32Array[] {
  const counts = [0, 1, 2].map(() => new Uint32Array(256));
  for (let at = 0; at < pixels.length; at++) counts[at % 3]![pixels[at]!]! += 1;
  return counts;
}

/** A bit for each of 64 places of a grey picture of 9 × 8: is it darker than the place to the right of it? */
export function differenceHash(grey: Uint8Array): bigint {
  let bits = 0n;
  for (let place = 0; place < 64; place++) {
    const at = Math.floor(place / 8) * 9 + (place % 8);
    bits = (bits << 1n) | (grey[at]! < grey[at + 1]! ? 1n : 0n);
  }
  return bits;
}

/** Pictures of one size in rows, as a PNG file. */
export async function contactSheet(
  rows: readonly (readonly Uint8Array[])[],
  { width, height }: Size,
  output: string,
): Promise<void> {
  const gap = 6;
  const pieces = rows.flatMap((pictures, row) =>
    pictures.map((pixels, column) => ({
      input: Buffer.from(pixels),
      raw: { width, height, channels: 3 as const },
      left: gap + column * (width + gap),
      top: gap + row * (height + gap),
    })),
  );
  const [across, down] = [gap + (rows[0]?.length ?? 0) * (width + gap), gap + rows.length * (height + gap)];
  const sheet = { width: across, height: down, channels: 3 as const, background: '#0b0c0e' };
  await sharp({ create: sheet }).composite(pieces).png().toFile(output);
}
