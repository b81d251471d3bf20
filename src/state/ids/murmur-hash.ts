/** Austin Appleby's MurmurHash64A, which Ray hashes its ids with. */

const MULTIPLIER = 0xc6a4_a793_5bd1_e995n;
const BLOCK_BYTES = 8;

/** The hash with seed 0 of all bytes of the view. */
export function murmurHash64A(view: DataView): bigint {
  const tailOffset = view.byteLength - (view.byteLength % BLOCK_BYTES);
  let hash = scramble(BigInt(view.byteLength));
  for (let offset = 0; offset < tailOffset; offset += BLOCK_BYTES) {
    hash = scramble(hash ^ scramble(fold(scramble(view.getBigUint64(offset, true)))));
  }
  if (tailOffset < view.byteLength) hash = scramble(hash ^ littleEndian(view, tailOffset));
  return fold(scramble(fold(hash)));
}

/** The bytes from here to the end as a number. */
function littleEndian(view: DataView, start: number): bigint {
  let word = 0n;
  for (let offset = view.byteLength - 1; offset >= start; offset--) {
    word = (word << 8n) | BigInt(view.getUint8(offset));
  }
  return word;
}

function scramble(word: bigint): bigint {
  return BigInt.asUintN(64, word * MULTIPLIER);
}

function fold(word: bigint): bigint {
  return word ^ (word >> 47n);
}
